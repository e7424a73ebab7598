"""The conventions that variants take in turns.

Otherwise their mistakes would show in the library's own dtype and layout alone.
"""

from dataclasses import replace
from types import ModuleType

from bnproof.mutants.decorators import registered
from bnproof.mutants.mutant import Conventions, Dtype
from bnproof.mutants.variants.columns import Columns
from bnproof.mutants.variants.variant import Variant


class Turn(Conventions, total=False):
    """The conventions of a turn, and its dtype where that is not float32."""

    dtypes: tuple[Dtype, ...]


CONVENTIONS: tuple[Turn, ...] = (
    {},
    {"running_variance": "unbiased", "momentum_weighs": "old"},
    {"channel_axis": -1},
    {"dtypes": ("float64",), "running_variance": "unbiased"},
)


def in_turns(*modules: ModuleType) -> tuple[Variant, ...]:
    """Return the variants of some modules, each in the next conventions."""
    variants = [each for module in modules for each in registered(module, Variant)]
    return tuple(
        replace(each, make=in_conventions(turn, each.make)) for turn, each in enumerate(variants)
    )


def in_conventions(turn: int, *mistakes: type[Columns]) -> type[Columns]:
    """Return a class with all of the mistakes, in the conventions of a turn."""
    name = "And".join(mistake.__name__ for mistake in mistakes)
    return type(name, mistakes, dict(CONVENTIONS[turn % len(CONVENTIONS)]))
