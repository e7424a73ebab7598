"""Damaged copies: a proof that would also accept these proves nothing."""

from collections.abc import Iterator
from dataclasses import replace

from sympy import Add, Expr, Mul, Pow, S

from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import eps


def damaged(claim: Claim) -> Iterator[Claim]:
    """Copies with one small damage on the right side: a term less, a sign, a factor, a power.

    >>> from bnproof.spec.terms.language import beta, gamma
    >>> [str(copy.right) for copy in damaged(Claim(gamma, gamma + beta))][:2]
    ['gamma', '-beta + gamma']
    """
    seen = {claim.right}
    for right in _damages(claim.right):
        if right not in seen:
            seen.add(right)
            yield replace(claim, right=right)


def _damages(expression: Expr) -> Iterator[Expr]:
    if isinstance(expression, Add):
        for part in expression.args:
            yield expression - part
            yield expression - 2 * part
    elif isinstance(expression, Pow) and expression.exp.is_Rational:
        yield expression.base ** (expression.exp + 1)
    elif expression == 0:
        yield eps
        yield S.One
    else:
        yield 2 * expression
        yield -expression
    if isinstance(expression, (Mul, Add)):
        for number, part in enumerate(expression.args):
            for damage in _damages(part):
                before, after = expression.args[:number], expression.args[number + 1 :]
                yield expression.func(*before, damage, *after)
