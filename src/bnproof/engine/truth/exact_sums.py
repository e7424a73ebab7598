"""Exact sums of the columns of an array, and of their products, as integers times powers of two.

A few values are converted one by one.  Many are cut into limbs: with |x| < 2^E in a column,

    x = sum_j q_j 2^(E - 20 (j + 1)),   q_j = rint of what is left,   |q_0| <= 2^20, |q_j| <= 2^19,

which float64 does without error.  A product of two limbs is at most 2^40, so a sum of ROWS = 2^12
of them is at most 2^52, and float64 sums it exactly in any order.  Columns that need more than
LIMBS limbs, or whose exponents are extreme, are converted one by one as well.
"""

from collections.abc import Iterator
from itertools import product
from operator import mul

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.blocks import BLOCK, row_blocks
from bnproof.engine.truth.integers import whole_columns
from bnproof.engine.truth.once import once

FEW = 384  # values up to which Python's integers are faster than limbs
BITS = 20
ROWS = 2**12
LIMBS = 9
EXPONENTS = 400


class Columns:
    """The columns (N, C) of an array of finite numbers, whose sums are exact.

    Each column is a column of integers X times 2^e; `totals` and `products` are sums of X.  Rows
    count as many ``times`` as is given, or once.
    """

    def __init__(self, values: Array, times: Array | None = None) -> None:
        self.values = values
        self.times: list[int] | None = None if times is None else times.tolist()

    @property
    def count(self) -> int:
        """N, the number of values in a column."""
        return len(self.values) if self.times is None else sum(self.times)

    @once
    def exponents(self) -> list[int]:
        """The exponent e of each column."""
        if self.limbs:
            return [int(top) - BITS * self.limbs for top in self._tops]
        return [exponent for _, exponent in self.whole]

    @once
    def totals(self) -> list[int]:
        """The sum of each column.

        >>> columns = Columns(np.array([[0.5], [1.0]]))
        >>> columns.totals[0] * 2.0 ** columns.exponents[0]
        1.5
        """
        if self.times is not None:
            return [sum(map(mul, whole, self.times)) for whole, _ in self.whole]
        if not self.limbs:
            return [sum(whole) for whole, _ in self.whole]
        sums = [0] * len(self._tops)
        for rows in self._blocks():
            for place, limb in self.cut(rows):
                _collect(sums, limb.sum(axis=0), place)
        return sums

    def products(self, other: "Columns") -> list[int]:
        """The sum of X Y of each column, where the other has the columns Y of the same length.

        >>> columns = Columns(np.array([[0.5], [1.0]]))
        >>> columns.products(columns)[0] * 2.0 ** (2 * columns.exponents[0])
        1.25
        >>> twice = Columns(np.array([[0.5], [1.0]]), np.array([1, 2]))
        >>> twice.products(twice)[0] * 2.0 ** (2 * twice.exponents[0])
        2.25
        """
        if not (self.limbs and other.limbs):
            pairs = zip(self.whole, other.whole, strict=True)
            if self.times is not None:
                return [_weighed(whole, others, self.times) for (whole, _), (others, _) in pairs]
            return [sum(map(mul, whole, others)) for (whole, _), (others, _) in pairs]
        sums = [0] * len(self._tops)
        for rows in self._blocks():
            first = list(self.cut(rows))
            second = first if other is self else list(other.cut(rows))
            for (place, left), (other_place, right) in product(first, second):
                _collect(sums, np.einsum("nc,nc->c", left, right), place + other_place)
        return sums

    @once
    def whole(self) -> list[tuple[list[int], int]]:
        """The integers of each column one by one, and their exponent."""
        found = whole_columns(self.values)
        if not self.limbs:
            return found
        pairs = zip(found, self.exponents, strict=True)  # at which they are whole as well
        return [([_shifted(x, e - unit) for x in whole], unit) for (whole, e), unit in pairs]

    @once
    def _tops(self) -> Array:
        """E with |x| < 2^E in a column."""
        largest = np.zeros(self.values.shape[1])
        for rows in self._blocks():
            np.maximum(largest, np.abs(self._wide(rows)).max(axis=0), out=largest)
        return np.frexp(largest)[1]

    @once
    def limbs(self) -> int:
        """The number of limbs that every value is cut into, 0 where limbs are not used."""
        few = self.times is not None or self.values.size <= FEW
        if few or np.abs(self._tops).max() > EXPONENTS:
            return 0
        most = 0
        for rows in self._blocks():
            needed = _limbs_needed(self._wide(rows), self._tops)
            if not needed:
                return 0
            most = max(most, needed)
        return most

    def cut(self, rows: slice) -> Iterator[tuple[int, Array]]:
        """The limbs of some rows, and the binary place of each."""
        left = self._wide(rows) * 2.0**-self._tops
        for number in range(self.limbs):
            left *= 2.0**BITS
            limb = np.rint(left)
            left -= limb
            yield BITS * (self.limbs - 1 - number), limb

    def _wide(self, rows: slice) -> Array:
        return self.values[rows].astype(np.float64)

    def _blocks(self) -> Iterator[slice]:
        count, channels = self.values.shape
        return row_blocks(count, channels, min(BLOCK, ROWS * channels))


def _weighed(one: list[int], other: list[int], times: list[int]) -> int:
    return sum(map(mul, map(mul, one, other), times))


def _shifted(whole: int, by: int) -> int:
    return whole << by if by >= 0 else whole >> -by


def _collect(sums: list[int], part: Array, place: int) -> None:
    """Add sums of limbs at a binary place."""
    for channel, whole in enumerate(part.astype(np.int64).tolist()):
        sums[channel] += whole << place


def _limbs_needed(values: Array, tops: Array) -> int:
    """The limbs that values take, 0 if more than LIMBS."""
    left = values * 2.0**-tops
    if not np.array_equal(left * 2.0**tops, values):
        return 0
    for number in range(LIMBS):
        if not left.any():
            return max(1, number)
        left *= 2.0**BITS
        left -= np.rint(left)
    return 0 if left.any() else LIMBS
