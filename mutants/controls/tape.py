"""Reverse-mode differentiation in a few lines: values, and how a gradient goes back."""

from collections.abc import Callable

import numpy as np

from bnproof.reference.checks import Array

Back = Callable[[Array], Array]


class Value:
    """An array, the values that it was formed from, and the way of a gradient to each.

    >>> x = Value(np.array([[3.0, 4.0]]))
    >>> gradient_of(x * x, np.ones((1, 2)), x).tolist()
    [[6.0, 8.0]]
    """

    def __init__(self, array: Array, *parents: tuple["Value", Back]) -> None:
        self.array = array
        self.parents = parents

    def __add__(self, other: "Value") -> "Value":
        return Value(self.array + other.array, (self, _same), (other, _same))

    def __sub__(self, other: "Value") -> "Value":
        return Value(self.array - other.array, (self, _same), (other, np.negative))

    def __mul__(self, other: "Value") -> "Value":
        a, b = self.array, other.array
        return Value(a * b, (self, lambda g: g * b), (other, lambda g: g * a))

    def mean(self) -> "Value":
        """The mean of each row, a column."""
        m = self.array.shape[1]
        made = np.asarray(self.array.mean(axis=1, keepdims=True))
        return Value(made, (self, lambda g: np.broadcast_to(g / m, self.array.shape)))

    def inverse_root(self, eps: float) -> "Value":
        """1 / sqrt(value + eps)."""
        root = np.asarray(1 / np.sqrt(self.array + eps))
        return Value(root, (self, lambda g: g * (root * root * root) / -2))


def _same(gradient: Array) -> Array:
    return gradient


def gradient_of(result: Value, upstream: Array, by: Value) -> Array:
    """The gradient of <upstream, result> by a value that it was formed from."""
    gradients = {id(result): upstream}
    for value in reversed(_in_order(result)):
        gradient = gradients[id(value)]
        if value is by:
            return gradient
        for parent, back in value.parents:
            share = _narrowed(back(gradient), parent.array.shape)
            held = gradients.get(id(parent))
            gradients[id(parent)] = share if held is None else held + share
    return np.zeros_like(by.array)


def _in_order(result: Value) -> list[Value]:
    """All values, each after those that it was formed from; inputs in the order of first use."""
    order: list[Value] = []
    seen: set[int] = set()

    def visit(value: Value) -> None:
        if id(value) not in seen:
            seen.add(id(value))
            for parent, _ in value.parents:
                visit(parent)
            order.append(value)

    visit(result)
    return order


def _narrowed(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Summed over the axes that were broadcast."""
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return np.asarray(gradient.sum(axis=axes, keepdims=True)) if axes else gradient
