"""Adapters, one file per library: what is not of the contract is made so by one hook, `adapt`.

An adapter is a pair: ``recognises(object)``, which must not import the library, and
``build(object)``, which gives the implementations to check, one or more.  Third parties register
theirs through the entry point group ``bnproof.adapters``: an object with those two functions.
"""

from collections.abc import Iterator
from importlib import import_module, metadata
from typing import Any

from bnproof.targets.objects.build import build as objects

METHODS = ("train", "infer", "layer")
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
    if of_contract(target):
        return [target() if isinstance(target, type) else target]
    adapter = adapter_of(target)
    if adapter is not None:
        return list(adapter.build(target))
    return objects(target)
    raise TypeError(
        f"{_describe(target)} is not an implementation: it has none of train, infer and layer, and "
        "no adapter knows it (torch.nn.Module, or file.py:forward,backward); see README.md"
    )


def of_contract(target: Any) -> bool:
    """Whether a target is checked as it is, without an adapter.

    >>> of_contract((print, print))
    False
    """
    offers = any(getattr(target, method, None) is not None for method in METHODS)
    return offers and not _is_torch(target)


def adapter_of(target: Any) -> Any:
    """The adapter that recognises a target, None if there is none.

    >>> adapter_of((print, print)).__name__
    'bnproof.implementations.course_functions'
    """
    return next((adapter for adapter in _adapters() if adapter.recognises(target)), None)


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


def _adapters() -> Iterator[Any]:
    for name in OURS:
        yield import_module(f"bnproof.implementations.{name}")
    for point in metadata.entry_points(group=GROUP):
        yield point.load()


def _is_torch(target: Any) -> bool:
    """torch.nn.Module has a method ``train`` of its own, which is another thing."""
    kind = target if isinstance(target, type) else type(target)
    return any(base.__module__.startswith("torch.") for base in kind.__mro__)


def _describe(target: Any) -> str:
    kind = target if isinstance(target, type) else type(target)
    return f"{kind.__module__}.{kind.__qualname__}"
