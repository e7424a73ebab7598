"""Claims with numbers: exact rational instances, by a route that shares nothing with the proof.

Every size becomes a small number, sums are written out, derivatives are those of explicit
expressions, and random rationals are put in.  eps is chosen so that var + eps is the square of a
rational number, so that left - right has to be exactly 0, without a tolerance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from sympy import (
    Add,
    Derivative,
    Dummy,
    Expr,
    Indexed,
    Integer,
    KroneckerDelta,
    Rational,
    Subs,
    Sum,
    simplify,
    solve,
)

from bnproof.spec.kernel.sums import Index
from bnproof.spec.terms import language
from bnproof.spec.terms.claims import Claim

Numbers = dict[Any, Expr]


@dataclass(frozen=True)
class Instance:
    """Both sides of a claim with numbers, and the numbers that were put in."""

    left: Expr
    right: Expr
    values: Numbers

    @property
    def gap(self) -> Expr:
        """left - right, exactly."""
        found = self.left - self.right
        return found if found.is_Rational else simplify(found)


def gap(claim: Claim, size: int, *, seed: int) -> Expr:
    """left - right for ``size`` samples and random rationals: 0 if the claim is true.

    Hypotheses are met by solving for as many entries of v, which takes at least three samples;
    with fewer, and below the claim's least m, 0 is returned.

    >>> from bnproof.spec.terms.language import mean, x
    >>> gap(Claim(mean(lambda i: x[i] + 1), mean(lambda i: x[i]), ""), 3, seed=0)
    1
    """
    if size < claim.least or (claim.given and size < 3):
        return Integer(0)
    if claim.trial is not None:
        return Rational(claim.trial(size, Random(seed)))  # noqa: S311  # to try, not secrets
    return instance(claim, size, seed=seed).gap


def instance(claim: Claim, size: int, *, seed: int) -> Instance:
    """A claim with ``size`` samples and random rationals in it."""
    rng = Random(seed)  # noqa: S311  # numbers to try, not secrets
    left, right = claim.sides()
    sizes = _sizes((left, right), size, rng)
    free = free_indices((left, right), sizes)
    both = [explicit(language.unfold(side), sizes, free) for side in (left, right)]
    values = _values(claim, both[0] - both[1], size, sizes, free, rng)
    left, right = (side.xreplace(values) for side in both)
    return Instance(left, right, values)


def explicit(expression: Expr, sizes: Mapping[Any, Expr], where: Mapping[Any, Expr]) -> Expr:
    """An expression with every size and index a number: sums written out, derivatives taken."""
    if isinstance(expression, Derivative):
        inner = explicit(language.unfold(expression.expr), sizes, where)
        for variable, count in expression.variable_count:
            inner = inner.diff(explicit(variable, sizes, where), int(count))
        return inner
    if isinstance(expression, Subs):
        points = dict(zip(expression.variables, expression.point, strict=True))
        return explicit(expression.expr, sizes, where).xreplace(points)
    if isinstance(expression, Sum):
        (index, _, high), rest = expression.limits[-1], expression.limits[:-1]
        body = Sum(expression.function, *rest) if rest else expression.function
        last = int(high.xreplace({**sizes, **where}))
        numbers = ({**where, index: Integer(i)} for i in range(1, last + 1))
        return Add(*(explicit(body, sizes, each) for each in numbers))
    if isinstance(expression, Indexed):
        indices = (part.xreplace({**sizes, **where}) for part in expression.indices)
        return Indexed(expression.base, *indices)
    if not expression.args:
        return where.get(expression, sizes.get(expression, expression))
    return expression.func(*(explicit(part, sizes, where) for part in expression.args))


def _sizes(sides: tuple[Expr, ...], size: int, rng: Random) -> Numbers:
    """A number for each symbol that a sum runs up to, or that an index is bounded by."""
    tops = {top for side in sides for s in side.atoms(Sum) for _, _, top in s.limits}
    names = {name for top in tops for name in top.free_symbols if not isinstance(name, Index)}
    names |= {name for side in sides for i in side.atoms(Index) for name in i.size.free_symbols}
    chosen = {language.m: Integer(size), language.n: Integer(2)}
    others = sorted(names - set(chosen), key=str)
    return chosen | {name: Integer(rng.randint(2, 4)) for name in others}


def free_indices(sides: tuple[Expr, ...], sizes: Numbers) -> Numbers:
    """Of the free indices of one size the first is 1, the second 2, as far as there are so many."""
    found = sorted({index for side in sides for index in side.atoms(Index)}, key=str)
    free: Numbers = {}
    for index in found:
        earlier = sum(1 for other in free if other.size == index.size)
        free[index] = Integer(min(earlier + 1, int(index.size.xreplace(sizes))))
    return free


def _values(  # one step after the other of `gap`
    claim: Claim, difference: Expr, size: int, sizes: Numbers, free: Numbers, rng: Random
) -> Numbers:
    values = rational_batch(size, rng)
    labels = {atom.base.label for atom in difference.atoms(Indexed)}  # SymPy counts them as free
    for atom in sorted((difference.atoms(Indexed) | difference.free_symbols) - labels, key=str):
        if atom not in values:
            sign = 1 if atom.is_positive else rng.choice((1, -1))
            values[atom] = sign * Rational(rng.randint(1, 9), rng.randint(1, 4))
    conditions = [
        explicit(language.unfold(expression), sizes, free) - value
        for expression, value in claim.given
        if not expression.has(KroneckerDelta)
    ]
    if conditions:
        unknown = {language.v[size - n]: Dummy() for n in range(len(conditions))}
        known = {atom: value for atom, value in values.items() if atom not in unknown}
        equations = [condition.xreplace(known).xreplace(unknown) for condition in conditions]
        solution = solve(equations, list(unknown.values()), dict=True)[0]
        values.update({atom: solution[plain] for atom, plain in unknown.items()})
    return values


def rational_batch(size: int, rng: Random) -> Numbers:
    """Values of x, and an eps with which var + eps is the square of a rational number."""
    drawn = [Rational(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(size)]
    mean = sum(drawn) / Integer(size)
    var = sum((value - mean) ** 2 for value in drawn) / Integer(size)
    root = Rational(rng.randint(1, 5), 3)
    while root**2 <= var:
        root += 1
    samples: Numbers = {language.x[i]: value for i, value in enumerate(drawn, 1)}
    return {**samples, language.eps: root**2 - var}
