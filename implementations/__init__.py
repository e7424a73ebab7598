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

from bnproof.targets.functions import recognise_functions
from bnproof.targets.raised import raised
from bnproof.targets.unusable import NotRecognised, Unusable

METHODS = ("train", "infer", "layer")
OURS = ("torch_modules", "course_functions", "course_exercise")
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
    for adapter in _third_party():
        if adapter.recognises(target):
            return list(adapter.build(target))
    if of_contract(target):
        return [_instance(target) if isinstance(target, type) else target]
    own = next((adapter for adapter in _own() if adapter.recognises(target)), None)
    made = list(own.build(target)) if own is not None else recognise_functions(target)
    if made is None:
        raise NotRecognised(target)
    return made


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
    offers = any(getattr(target, method, None) is not None for method in METHODS)
    return offers and not _is_torch(target)


def adapter_of(target: Any) -> Any:
    """The adapter that recognises a target, None if there is none.

    >>> def forward(x, gamma, beta, bn_param): ...
    >>> def backward(dout, cache): ...
    >>> adapter_of((forward, backward)).__name__
    'bnproof.implementations.course_functions'
    """
    adapters = (*_third_party(), *_own())
    return next((adapter for adapter in adapters if adapter.recognises(target)), None)


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


def _own() -> Iterator[Any]:
    for name in OURS:
        yield import_module(f"bnproof.implementations.{name}")


def _third_party() -> Iterator[Any]:
    for point in metadata.entry_points(group=GROUP):
        yield point.load()


def _is_torch(target: Any) -> bool:
    """torch.nn.Module has a method ``train`` of its own, which is another thing."""
    kind = target if isinstance(target, type) else type(target)
    return any(base.__module__.startswith("torch.") for base in kind.__mro__)
