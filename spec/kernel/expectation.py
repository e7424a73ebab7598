"""Expectations over independent, identically distributed samples, for every distribution.

E[x_a x_b ...] is the sum, over all partitions of {a, b, ...} into blocks, of the product of the
cumulants of the blocks, where a block counts only if all its indices are equal: a delta per block.
(Leonov and Shiryaev 1959; for independent samples joint cumulants of different samples vanish.)
"""

from collections.abc import Callable, Iterator
from typing import Any

from sympy import Expr, Indexed, IndexedBase, KroneckerDelta, Mul, Pow, S, expand, sympify

from bnproof.spec.kernel.canonical import canonical_term, flattened

Cumulants = Callable[[int], Expr]
"""The cumulant of an order: 1 is the mean, 2 the variance."""


def expectation(expression: Any, samples: IndexedBase, cumulants: Cumulants) -> Expr:
    """E of a polynomial in samples[1], samples[2], ..., in canonical form.

    Raises ValueError for what is no polynomial in the samples.

    >>> from sympy import Symbol, symbols
    >>> from bnproof.spec.kernel.sums import over
    >>> m, x = Symbol("m", integer=True, positive=True), IndexedBase("x")
    >>> mu, var = symbols("mu var")
    >>> expectation(over(m, lambda i: x[i]) ** 2, x, lambda order: {1: mu, 2: var}[order])
    m**2*mu**2 + m*var
    """
    out = S.Zero
    for monomial, bound in flattened(sympify(expression)):
        constant, indices = _powers(monomial, samples)
        for partition in _partitions(indices):
            term = constant
            for block in partition:
                term *= cumulants(len(block))
                term *= Mul(*(KroneckerDelta(block[0], other) for other in block[1:]))
            for part, inner in flattened(expand(term)):
                out += canonical_term(part, bound + inner)
    return expand(out, power_base=False)


def _powers(monomial: Expr, samples: IndexedBase) -> tuple[Expr, list[Any]]:
    """What does not depend on the samples, and the index of each sample, as often as it occurs."""
    constant, indices = S.One, []
    for factor in Mul.make_args(expand(monomial, power_base=False)):
        base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, S.One)
        if isinstance(base, Indexed) and base.base == samples:
            if not (power.is_Integer and power > 0):
                raise ValueError(f"{factor} is no power that a polynomial in {samples} has")
            indices += [base.indices[0]] * int(power)
        elif factor.has(samples):
            raise ValueError(f"{factor} is no polynomial in {samples}")
        else:
            constant *= factor
    return constant, indices


def _partitions(items: list[Any]) -> Iterator[list[list[Any]]]:
    if not items:
        yield []
        return
    head, *tail = items
    for partition in _partitions(tail):
        yield [[head], *partition]
        for number, block in enumerate(partition):
            yield [*partition[:number], [head, *block], *partition[number + 1 :]]
