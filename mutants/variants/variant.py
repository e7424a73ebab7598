"""What a variant is: a mistake by another algorithm than the library's, and its name there."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bnproof.mutants.decorators import register
from bnproof.mutants.variants.columns import Columns


@dataclass(frozen=True)
class Variant:
    """One wrong implementation.

    Attributes:
        id: kebab-case.
        causes: ids of the mutants that are its true cause; each group for one of its mistakes, of
            which any may be named; () where the library does not have the mistake.
        make: returns the implementation, an object of the contract; called without arguments.
    """

    id: str
    causes: tuple[tuple[str, ...], ...]
    make: type[Columns] = field(repr=False)


def variant(id_: str, *causes: str) -> Callable[[type[Columns]], type[Columns]]:
    """Return a decorator that registers a variant on the class below it.

    Any of ``causes``, which are ids of mutants, may be named for it; without any, none may.

    >>> @variant("beta-forgotten", "formula/no-beta")
    ... class BetaForgotten(Columns):
    ...     def affine(self, walk, beta): return walk.centred * walk.gamma * walk.root
    """
    return lambda made: register(made, Variant(id_, (causes,) if causes else (), made))
