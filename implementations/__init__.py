"""Adapters, one file per library: what is not of the contract is made so by one hook, `variants`.

An adapter is a pair: ``recognises(object)``, which must not import the library, and
``build(object)``, which gives the implementations to check, one or more.  Third parties register
theirs through the entry point group ``bnproof.adapters``, as a module or an object with those two
functions; they are asked before anything else.  In a package's pyproject.toml:

    [project.entry-points."bnproof.adapters"]
    mylib = "mylib.bnproof_adapter"
"""

from collections.abc import Iterator
from importlib import import_module, metadata
from typing import Any

from bnproof.engine.contract.declaration import ContractError
from bnproof.engine.contract.signatures import fits_contract, means_contract
from bnproof.recognition.errors import NotRecognised, Unusable
from bnproof.recognition.exceptions import raised
from bnproof.recognition.user_calls import UsersError, called

OURS = ("course_functions", "course_exercise")
GROUP = "bnproof.adapters"


def variants(target: Any) -> list[Any]:
    """All implementations that a target stands for, to be checked one after the other.

    Adapters of third parties are asked first, then the contract, then the adapters of this folder,
    then the recognisers of `bnproof.recognition`.  A class of the contract is instantiated without
    arguments.  A torch module gives several: mixed precision, and wholly in 16 bits.  Raises
    `NotRecognised` for a target that none of them knows, and `Unusable` for one that cannot be
    called.

    >>> class Mine:
    ...     def infer(self, x, gamma, beta, running_mean, running_var, *, eps): ...
    >>> [type(made).__name__ for made in variants(Mine)]
    ['Mine']
    """
    theirs = _of_others(target)
    if theirs is not None:
        return list(_users(f"the adapter {adapter_name(theirs)}", theirs.build, target))
    ours = _of_ours(target)
    if ours is not None:
        return list(ours.build(target))
    if _is_contract(target):
        is_class = isinstance(target, type)
        return [_users("making an instance of it", target) if is_class else target]
    return _recognised(target)


def _recognised(target: Any) -> list[Any]:
    """What the recognisers make of a target."""
    from bnproof.recognition.functions import recognise_functions  # noqa: PLC0415  # costs 0.3 s
    from bnproof.recognition.objects.build import build  # noqa: PLC0415  # likewise

    try:
        made = recognise_functions(target)
        return build(target) if made is None else made
    except UsersError as caught:  # by a call that works with other data
        said = raised(caught.error)
        raise Unusable(f"a probe raised {said.text}", said.where) from caught.error


def _users(what: str, function: Any, *arguments: Any) -> Any:
    """What a function of the user's, or of a third party, returns; Unusable with what it raises."""
    try:
        return called(function, *arguments)
    except UsersError as caught:
        if isinstance(caught.error, (ContractError, NotRecognised)):
            raise caught.error from None
        said = raised(caught.error)
        raise Unusable(f"{what} raised {said.text}", said.where) from caught.error


def of_contract(target: Any) -> bool:
    """Whether a target is checked as it is, without an adapter.

    >>> of_contract((print, print))
    False
    """
    return adapter_of(target) is None and _is_contract(target)


def _is_contract(target: Any) -> bool:
    return fits_contract(target) or means_contract(target)


def adapter_of(target: Any) -> Any:
    """The adapter that recognises a target, None if there is none or none is needed.

    Third parties are asked first, since a library's class may have a method ``train`` of its own.

    >>> def forward(x, gamma, beta, bn_param): ...
    >>> def backward(dout, cache): ...
    >>> adapter_of((forward, backward)).__name__
    'bnproof.implementations.course_functions'
    """
    theirs = _of_others(target)
    return _of_ours(target) if theirs is None else theirs


def adapter_name(adapter: Any) -> str:
    """The name of an adapter, which is a module or an object."""
    return str(getattr(adapter, "__name__", type(adapter).__name__))


def _of_others(target: Any) -> Any:
    for each in _third_party():
        if _users(f"the adapter {adapter_name(each)}", each.recognises, target):
            return each
    return None


def _of_ours(target: Any) -> Any:
    if fits_contract(target):
        return None
    ours = (import_module(f"bnproof.implementations.{name}") for name in OURS)
    return next((each for each in ours if each.recognises(target)), None)


def known_targets() -> list[tuple[str, str]]:
    """What can be named as a target: how it is written, and what it is."""
    known = [
        ("reference", "the minimal NumPy implementation of this project"),
        ("module:attribute", "an object or class of the contract"),
        ("path/to/file.py:attribute", "the same, in a file"),
        ("torch.nn:BatchNorm2d", "a torch.nn.Module class or instance, of torch or of one's own"),
        ("file.py", "the one thing in the file that looks like a batch normalization"),
        ("file.py:batch_norm", "a function on arrays of NumPy, torch or JAX, with its backward"),
        ("file.py:forward,backward", "a pair of functions, in any of their usual forms"),
        ("file.py:bn_train,bn_test", "a function for training and one for evaluation"),
        ("file.py:MyFunction", "a subclass of torch.autograd.Function"),
    ]
    others = metadata.entry_points(group=GROUP)
    return known + [(point.name, f"adapter of {point.value}") for point in others]


def _third_party() -> Iterator[Any]:
    for point in metadata.entry_points(group=GROUP):
        yield _users(f"the adapter {point.value}", point.load)
