"""Sums in every order that a library may choose."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array


class _Summed(Parts):
    """Parts whose every sum goes one way."""

    def total(self, rows: Array) -> Array:
        """The sum over a row, a column."""
        raise NotImplementedError

    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(self.total(rows) / rows.shape[1])

    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.total(dy * call.xhat)

    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.total(dy)


@control("sequential-sums", "One value after the other.")
class _Sequential(_Summed):
    def total(self, rows: Array) -> Array:
        return np.asarray(np.add.accumulate(rows, axis=1)[:, -1:])


@control("sequential-sums-backwards", "One value after the other, from the last.")
class _Backwards(_Summed):
    def total(self, rows: Array) -> Array:
        return np.asarray(np.add.accumulate(rows[:, ::-1], axis=1)[:, -1:])


@control("pairwise-sums", "By a binary tree.")
class _Pairwise(_Summed):
    def total(self, rows: Array) -> Array:
        while rows.shape[1] > 1:
            odd = rows[:, rows.shape[1] - rows.shape[1] % 2 :]
            pairs = rows[:, : rows.shape[1] - odd.shape[1] : 2] + rows[:, 1::2]
            rows = np.concatenate([pairs, odd], axis=1)
        return rows


@control("sums-in-lanes", "In eight lanes that are added up at the end.")
class _Lanes(_Summed):
    def total(self, rows: Array) -> Array:
        padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))
        lanes = np.add.accumulate(padded.reshape(len(rows), -1, 8), axis=1)[:, -1]
        return np.asarray(np.add.accumulate(lanes, axis=1)[:, -1:])


@control("compensated-sums", "With what each addition loses carried on.")
class _Compensated(_Summed):
    def total(self, rows: Array) -> Array:
        total = np.zeros_like(rows[:, :1])
        lost = np.zeros_like(total)
        for k in range(rows.shape[1]):
            value = rows[:, k : k + 1] - lost
            new = total + value
            lost = (new - total) - value
            total = new
        return np.asarray(np.where(np.isfinite(total), total, rows.sum(axis=1, keepdims=True)))


@control("wide-sums", "In the next wider format, rounded once.")
class _Wide(_Summed):
    def total(self, rows: Array) -> Array:
        wide = np.longdouble if rows.dtype == np.float64 else np.float64
        return np.asarray(rows.sum(axis=1, keepdims=True, dtype=wide).astype(rows.dtype))


@control("random-order", "In another order at each call, not deterministic.")
class _RandomOrder(_Summed):
    deterministic = False

    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.rng = np.random.default_rng(0)

    def total(self, rows: Array) -> Array:
        order = self.rng.permutation(rows.shape[1])
        return np.asarray(np.add.accumulate(rows[:, order], axis=1)[:, -1:])


@control("sums-by-size", "By another algorithm for each range of sizes.")
class _BySize(_Summed):
    def total(self, rows: Array) -> Array:
        if rows.shape[1] < 32:
            return _Sequential.total(self, rows)  # type: ignore[arg-type]  # uses no state
        if rows.shape[1] % 8 == 0:
            return _Lanes.total(self, rows)  # type: ignore[arg-type]  # likewise
        return _Pairwise.total(self, rows)  # type: ignore[arg-type]  # likewise


@control("sums-by-product", "By a product with ones, as a matrix unit does.")
class _ByMatrixProduct(_Summed):
    def total(self, rows: Array) -> Array:
        return np.asarray(rows @ np.ones((rows.shape[1], 1), rows.dtype))
