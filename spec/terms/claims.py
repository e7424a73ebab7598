"""Claims as data: an equality of two expressions for every number of samples.

The theorems that claims make up are in `bnproof.spec.terms.theorem`; how both are checked is in
`bnproof.spec.verification`.

>>> from bnproof.spec.terms.language import mean, mu, x
>>> Claim(mean(lambda i: x[i] - mu), 0, "deviations from the mean cancel").holds()
True
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from sympy import Expr, Sum, sympify

from bnproof.spec.kernel.canonical import is_zero, normal
from bnproof.spec.terms.language import FRAME, evaluate, fold, unfold

Trial = Callable[[int, Random], Fraction | Expr]
"""Another exact route to left - right: from a number of samples and a source of random numbers."""


@dataclass(frozen=True)
class Claim:
    """left = right for every size and all values, under hypotheses.

    Attributes:
        left, right: the two sides.
        because: the reason for this line, in words.
        given: hypotheses, as pairs of an expression and its value.
        where: names for intermediate results in order, as pairs of a symbol and its expression.
        from_definitions: whether the proof may use nothing but the definitions; the two relations
            of the frame are proved like this, since they must not rest on themselves.
        least: the smallest m that it is meant for; smaller ones would divide by 0.
        trial: an exact evaluation by another route, for what cannot be written out in numbers.
    """

    left: Expr
    right: Expr
    because: str = ""
    given: tuple[tuple[Expr, Expr], ...] = ()
    where: tuple[tuple[Expr, Expr], ...] = ()
    from_definitions: bool = False
    least: int = 1
    trial: Trial | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "left", sympify(self.left))
        object.__setattr__(self, "right", sympify(self.right))

    def sides(self) -> tuple[Expr, Expr]:
        """Both sides, with the names of ``where`` written out."""
        left, right = self.left, self.right
        for name, expression in reversed(self.where):
            left, right = left.xreplace({name: expression}), right.xreplace({name: expression})
        return left, right

    def holds(self) -> bool:
        """Whether the kernel proves it."""
        left, right = self.sides()
        if self.from_definitions:
            return is_zero(_unfolded(left) - _unfolded(right))
        rules = {**FRAME, **{normal(fold(e)): sympify(value) for e, value in self.given}}
        return is_zero(_canonical(left, rules) - _canonical(right, rules))


def chain(start: Any, *steps: tuple[Any, str]) -> list[Claim]:
    """start = e1 = e2 = ...: one claim per sign of equality, each with its reason."""
    claims = []
    for expression, because in steps:
        claims.append(Claim(start, expression, because))
        start = expression
    return claims


def induction(
    left: Callable[[Any], Expr],
    right: Callable[[Any], Expr],
    step: Callable[[Any], Expr],
    time: Any,
) -> list[Claim]:
    """left(t) = right(t) for every t >= 0: the same start, and the same recurrence."""
    return [
        Claim(left(0), right(0), "both start alike"),
        Claim(left(time + 1), step(left(time)), "the recurrence of the left side"),
        Claim(right(time + 1), step(right(time)), "and the right side has the same one"),
    ]


_SIDES: dict[Any, Expr] = {}


def _canonical(side: Expr, rules: dict[Expr, Expr]) -> Expr:
    """The canonical form of a side, remembered, since damaged copies share their left sides."""
    key = (side, tuple(sorted(rules.items(), key=str)))
    if key not in _SIDES:
        form = normal(fold(evaluate(side)), rules)
        _SIDES[key] = form.xreplace({e: v for e, v in rules.items() if not isinstance(e, Sum)})
    return _SIDES[key]


def _unfolded(side: Expr) -> Expr:
    return normal(unfold(evaluate(side)))
