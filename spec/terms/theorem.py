"""Theorems: claims under a permanent name, registered above the function that makes the claims.

`theorem` turns a function of a chapter into a `Theorem`, so that the name of the function is the
theorem; a chapter has them in the order in which they stand there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bnproof.spec.terms.claims import Claim

Claims = Callable[[], Iterable[Claim]]
"""A function that makes the claims of a theorem."""


class Method(StrEnum):
    """How a theorem is proved, as readers see it."""

    CANONICAL = "canonical forms, for every m"
    CANONICAL_GROUPS = "canonical forms, for every m and G"
    CANONICAL_INPUTS = "canonical forms, for every m and n"
    CANONICAL_WIDTH = "canonical forms, for every n"
    CANONICAL_PARTS = "canonical forms, for every n_a and n_b"
    CANONICAL_CHANNELS = "canonical forms, for every number of channels and offsets"
    CANONICAL_LIMIT = "canonical forms, and a limit"
    CANONICAL_BOUND = "canonical forms, for every m, and induction; the bound of P_j is cited"
    INDUCTION = "induction, by canonical forms"
    EXPECTATION = "the expectation rule, for every m and every distribution"
    EXPECTATION_INDUCTION = "the expectation rule, and induction"


@dataclass(frozen=True)
class Theorem:
    """What is claimed, and how it reads.

    Attributes:
        id: permanent, in kebab-case, never used again for anything else.
        title: a line.
        statement: in words, with formulas between backquotes.
        claims: made when they are first asked for, since derivations take time.
        method: how it is proved.
        behaviour: whether an implementation can violate it, so that a property has to test it.
    """

    id: str
    title: str
    statement: str
    claims: Claims
    method: Method = Method.CANONICAL
    behaviour: bool = False
    _made: list[Claim] = field(default_factory=list, compare=False, repr=False)

    def lines(self) -> list[Claim]:
        """The claims."""
        if not self._made:
            self._made.extend(self.claims())
        return self._made


def theorem(
    id_: str,
    title: str,
    statement: str,
    *,
    method: Method = Method.CANONICAL,
    behaviour: bool = False,
) -> Callable[[Claims], Theorem]:
    """Return a decorator that makes a theorem of the function below it.

    The arguments are fields of `Theorem`.

    >>> from sympy import S
    >>> @theorem("one-is-one", "One is one", "`1 = 1`.")
    ... def one_is_one() -> list[Claim]:
    ...     return [Claim(S.One, S.One)]
    >>> one_is_one.id, len(one_is_one.lines())
    ('one-is-one', 1)
    """

    def made(claims: Claims) -> Theorem:
        return Theorem(id_, title, statement, claims, method, behaviour)

    return made
