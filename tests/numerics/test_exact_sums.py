"""Sums of columns by limbs and by integers, against fractions."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.exact_sums import FEW, Columns


def exact(values: Array) -> list[Fraction]:
    """The exact sum of each column."""
    return [sum(map(Fraction, column), Fraction(0)) for column in values.T.tolist()]


def products(values: Array, others: Array) -> list[Fraction]:
    """The exact sum of products of each column."""
    return [
        sum((Fraction(a) * Fraction(b) for a, b in zip(x, y, strict=True)), Fraction(0))
        for x, y in zip(values.T.tolist(), others.T.tolist(), strict=True)
    ]


def scaled(sums: list[int], exponents: list[int]) -> list[Fraction]:
    """Integers at exponents as fractions."""
    pairs = zip(sums, exponents, strict=True)
    return [whole * Fraction(2) ** exponent for whole, exponent in pairs]


def check(values: Array, others: Array) -> None:
    """All sums of two arrays."""
    x, y = Columns(values), Columns(others)
    assert scaled(x.totals, x.exponents) == exact(values)
    assert scaled(y.totals, y.exponents) == exact(others)
    both = [a + b for a, b in zip(x.exponents, y.exponents, strict=True)]
    assert scaled(y.products(x), both) == products(values, others)
    squares = [2 * e for e in x.exponents]
    assert scaled(x.products(x), squares) == products(values, values)


KINDS: dict[str, Callable[[Any, tuple[int, int]], Array]] = {
    "float32": lambda rng, shape: rng.normal(size=shape).astype(np.float32),
    "float64": lambda rng, shape: rng.normal(size=shape),
    "offset": lambda rng, shape: rng.normal(size=shape) + 2.0**40,
    "whole": lambda rng, shape: rng.integers(-9, 9, shape).astype(np.float64),
    "zeros": lambda rng, shape: np.zeros(shape),
    "wide": lambda rng, shape: rng.normal(size=shape) * 2.0 ** rng.integers(-90, 90, shape),
    "wider": lambda rng, shape: rng.normal(size=shape) * 2.0 ** rng.integers(-500, 500, shape),
    "subnormal": lambda rng, shape: rng.integers(-9, 9, shape) * 2.0**-1074,
    "largest": lambda rng, shape: rng.choice([-1, 1], shape) * np.finfo(np.float64).max,
    "full limbs": lambda rng, shape: np.full(shape, 1 - 2.0**-53) * rng.choice([-1, 1], shape),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("shape", [(2, 3), (FEW, 2), (5, FEW)])
def test_sums_are_exact(kind: str, other: str, shape: tuple[int, int]) -> None:
    """A limb that is lost, or a sum that is rounded, would show."""
    rng = np.random.default_rng(0)
    check(KINDS[kind](rng, shape), KINDS[other](rng, shape))


def test_blocks_add_up() -> None:
    """More rows than one block has, of the largest limbs that there are."""
    values = np.full((2**13 + 1, 1), 2.0**20 - 2.0**-33)
    check(values, values)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_any_numbers(values: list[float]) -> None:
    """Few numbers of any exponent."""
    column = np.array(values)[:, None]
    check(column, column[::-1])


def test_no_rows() -> None:
    """An empty batch has sums of zero."""
    empty = Columns(np.zeros((0, 2)))
    assert (empty.totals, empty.products(empty)) == ([0, 0], [0, 0])
