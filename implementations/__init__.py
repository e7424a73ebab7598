"""Adapters, one file per library: what is not of the contract is made so by one hook, `adapt`.

An adapter is a pair: ``recognises(object)``, which must not import the library, and
``build(object)``, which gives the implementations to check, one or more.  Third parties register
theirs through the entry point group ``bnproof.adapters``: an object with those two functions.
"""

from collections.abc import Iterator
from importlib import import_module, metadata
from typing import Any

from bnproof.properties.signatures import fits_contract, means_contract
from bnproof.targets.objects.build import build as objects

OURS = ("course_functions", "course_exercise")
GROUP = "bnproof.adapters"


def adapt(target: Any) -> Any:
    """The implementation of the contract that a target stands for; the first, if it is several.

    Raises TypeError for a target that no adapter recognises.
    """
    return variants(target)[0]


def variants(target: Any) -> list[Any]:
    """All implementations that a target stands for, to be checked one after the other.

    A class of the contract is instantiated without arguments.  A torch module gives two: mixed
    precision, and wholly in 16 bits.

    >>> class Mine:
    ...     def infer(self, x, gamma, beta, running_mean, running_var, *, eps): ...
    >>> [type(made).__name__ for made in variants(Mine)]
    ['Mine']
    """
    adapter = adapter_of(target)
    if adapter is not None:
        return list(adapter.build(target))
    if of_contract(target):
        return [target() if isinstance(target, type) else target]
    return objects(target)


def of_contract(target: Any) -> bool:
    """Whether a target is checked as it is, without an adapter.

    >>> of_contract((print, print))
    False
    """
    return adapter_of(target) is None and (fits_contract(target) or means_contract(target))


def adapter_of(target: Any) -> Any:
    """The adapter that recognises a target, None if there is none or none is needed.

    Third parties are asked first, since a library's class may have a method ``train`` of its own.

    >>> adapter_of((print, print)).__name__
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
        ("file.py:batchnorm_forward,batchnorm_backward", "a pair of functions as courses set them"),
    ]
    others = metadata.entry_points(group=GROUP)
    return known + [(point.name, f"adapter of {point.value}") for point in others]


def _ours() -> Iterator[Any]:
    return (import_module(f"bnproof.implementations.{name}") for name in OURS)


def _third_party() -> Iterator[Any]:
    return (point.load() for point in metadata.entry_points(group=GROUP))
