"""Random expressions with finite sums, for tests of the kernel."""

from typing import Any

from hypothesis import strategies as st
from sympy import Expr, IndexedBase, Integer, KroneckerDelta

from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.language import a, dy, gamma, k, l, m, n, x

W, A = IndexedBase("W", real=True), IndexedBase("A", real=True)


def expressions(*, depth: int = 4) -> st.SearchStrategy[Expr]:
    """A sum over the batch and a rest, with sums, products, powers and deltas inside."""
    return st.builds(
        lambda inner, rest: inner + rest,
        st.composite(lambda draw: over(m, lambda i: _drawn(draw, [k, l, i], [a], depth)))(),
        st.composite(lambda draw: _drawn(draw, [k, l], [a], depth))(),
    )


def _drawn(draw: Any, samples: list[Any], inputs: list[Any], depth: int) -> Expr:
    """One expression in which these indices of samples and inputs may occur."""
    kind = draw(st.integers(0, 10 if depth > 0 else 4))

    def inner() -> Expr:
        return _drawn(draw, samples, inputs, depth - 1)

    leaves = {
        0: lambda: Integer(draw(st.integers(-2, 3))),
        1: lambda: x[draw(st.sampled_from(samples))],
        2: lambda: dy[draw(st.sampled_from(samples))],
        3: lambda: A[draw(st.sampled_from(inputs)), draw(st.sampled_from(samples))],
        4: lambda: KroneckerDelta(*(draw(st.sampled_from(samples)) for _ in range(2))),
        5: lambda: inner() + inner(),
        6: lambda: inner() * inner(),
        7: lambda: over(m, lambda i: _drawn(draw, [*samples, i], inputs, depth - 1)),
        8: lambda: over(n, lambda j: _drawn(draw, samples, [*inputs, j], depth - 1) * W[j]),
        9: lambda: gamma * inner() ** 2,
        10: lambda: 1 / (7 + over(m, lambda i: _drawn(draw, [*samples, i], inputs, 1)) ** 2),
    }
    return leaves[kind]()
