"""Adapters, one file per library: what is not of the contract is made so by one hook, `adapt`.

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

from bnproof.properties.signatures import fits_contract, means_contract
from bnproof.targets.functions import recognise_functions
from bnproof.targets.objects.build import build
from bnproof.targets.raised import raised
from bnproof.targets.unusable import Unusable

OURS = ("course_functions", "course_exercise")
GROUP = "bnproof.adapters"


def adapt(target: Any) -> Any:
    """The implementation of the contract that a target stands for; the first, if it is several.

    Raises as `variants` does.
    """
    return variants(target)[0]


def variants(target: Any) -> list[Any]:
    """All implementations that a target stands for, to be checked one after the other.

    Adapters of third parties are asked first, then the contract, then the adapters of this folder,
    then the recognisers of `bnproof.targets`.  A class of the contract is instantiated without
    arguments.  A torch module gives several: mixed precision, and wholly in 16 bits.  Raises
    `NotRecognised` for a target that none of them knows, and `Unusable` for one that cannot be
    called.

    >>> class Mine:
    ...     def infer(self, x, gamma, beta, running_mean, running_var, *, eps): ...
    >>> [type(made).__name__ for made in variants(Mine)]
    ['Mine']
    """
    adapter = adapter_of(target)
    if adapter is not None:
        return list(adapter.build(target))
    if of_contract(target):
        return [_instance(target) if isinstance(target, type) else target]
    made = recognise_functions(target)
    return build(target) if made is None else made


def _instance(kind: type) -> Any:
    """An instance of a user's class, made without arguments."""
    try:
        return kind()
    except BaseException as error:  # a constructor of the user's may do anything
        said = raised(error)
        raise Unusable(f"making an instance of it raised {said.text}", said.where) from error


def of_contract(target: Any) -> bool:
    """Whether a target is checked as it is, without an adapter.

    >>> of_contract((print, print))
    False
    """
    return adapter_of(target) is None and (fits_contract(target) or means_contract(target))


def adapter_of(target: Any) -> Any:
    """The adapter that recognises a target, None if there is none or none is needed.

    Third parties are asked first, since a library's class may have a method ``train`` of its own.

    >>> def forward(x, gamma, beta, bn_param): ...
    >>> def backward(dout, cache): ...
    >>> adapter_of((forward, backward)).__name__
    'bnproof.implementations.course_functions'
    """
    found = next((each for each in _third_party() if each.recognises(target)), None)
    if found is not None or fits_contract(target):
        return found
    return next((each for each in _ours() if each.recognises(target)), None)


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


def _ours() -> Iterator[Any]:
    return (import_module(f"bnproof.implementations.{name}") for name in OURS)


def _third_party() -> Iterator[Any]:
    return (point.load() for point in metadata.entry_points(group=GROUP))
