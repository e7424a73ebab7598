"""Whether a target compiles for each shape, found by the time that its calls take.

The very first call also loads and sets up what all calls need, so a slow one is only a reason to
look further: then two other shapes of its rank and dtype are each given several times.  A target
with dynamic shapes compiles at most one of them; a target that computes slowly is as slow again.
"""

from collections.abc import Sequence
from typing import Protocol

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio import stock
from bnproof.engine.portfolio.builder import Builder, to_rank

SLOW = 0.02
"""Seconds that the first calls with a shape take at least, if they compile."""

TIMES = 50
"""How many times faster the next calls with the same shape are, at least."""

SHAPES = ((stock.ORDINARY, stock.CHANNELS), (stock.POWER, stock.CHANNELS))
"""Shapes that are given, as (N, C): those of which a check of such a target has most cases."""

AGAIN = 2
"""How often each shape is given again, with other numbers; the fastest counts."""


class Timed(Protocol):
    """What a session offers: what is declared, the first calls, and calls beside the check."""

    @property
    def declaration(self) -> Declaration:
        """What the target declares."""

    @property
    def first(self) -> tuple[Case, Observation] | None:
        """The case of the first calls, with what came back."""

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run a case on an executor of its own."""


def compiles_per_shape(session: Timed) -> bool:
    """Whether the first calls with each of two shapes are far slower than the next ones.

    A target near the limits may be found to compile in one run and not in the next; declaring the
    attribute settles it.

    It makes no calls if the first calls were fast, or if there is only one shape.
    """
    if session.first is None or session.declaration.fixes("shape"):
        return False
    case, seen = session.first
    if seen.seconds <= SLOW:
        return False
    return all(_is_compiled(session, each) for each in _cases(session.declaration, case))


def _cases(declaration: Declaration, like: Case) -> list[list[Case]]:
    """The cases of each shape, all with numbers of their own: a target may keep its results."""
    build = Builder(declaration, like.dtype)
    return [[_case(build, size, like) for _ in range(1 + AGAIN)] for size in SHAPES]


def _case(build: Builder, size: tuple[int, int], like: Case) -> Case:
    case = build.case(f"{size[0]} values", build.normal(*size), calls="short")
    return to_rank(case, like.x.ndim)


def _is_compiled(session: Timed, cases: Sequence[Case]) -> bool:
    first, *others = cases
    seen = session.probe(first, session.declaration)
    if seen.failure or seen.seconds <= SLOW:
        return False
    again = [session.probe(case, session.declaration) for case in others]
    if any(each.failure for each in again):
        return False
    return seen.seconds >= TIMES * min(each.seconds for each in again)
