"""Transforms: what an output of a twin has to be, given the same output of its base.

They only permute, negate or scale by powers of two, so that they carry a bound as they carry a
value.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.record import Record
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Output

Transform = Callable[[Array, Record, Record], Array]
"""From a value of the base, the base and the twin to what the twin should have."""


def transformed(
    base: Record, twin: Record, expected: Mapping[Output, Transform]
) -> Iterator[Comparison]:
    """Compare outputs of training, within the sum of both bounds."""
    for output, transform in expected.items():
        a, b = base.of("train", output), twin.of("train", output)
        if a is not None and b is not None:
            want = transform(np.asarray(a.got, np.float64), base, twin)
            bound = np.abs(transform(a.bound, base, twin)) + b.bound
            yield compare(twin, output, b.got, want, bound)


def how(twin: Record, parameter: str) -> Any:
    """A parameter of the transformation that made a twin."""
    assert twin.case.twin is not None  # noqa: S101  # it is a twin
    return twin.case.twin.how[parameter]


def same(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """Unchanged."""
    return value


def negated(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """With the other sign."""
    return -value


def twice(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """Once after the other."""
    return np.concatenate([value, value])


def times(factor: float) -> Transform:
    """Multiplied by a power of two."""

    def transform(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
        return factor * value

    return transform


def scaled(exponent: int) -> Transform:
    """Multiplied by a power of the factor of the twin's x."""

    def transform(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
        factor: float = 2.0 ** (exponent * int(how(twin, "power")))
        made: Array = factor * value
        return made

    return transform


def rows_permuted(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """Samples permuted; in every rank the rows of the columns are in the order of (N, C)."""
    permuted: Array = value[np.asarray(how(twin, "order"))]
    return permuted


def positions_permuted(value: Array, base: Record, twin: Record) -> Array:
    """Positions along the first spatial axis permuted."""
    n, c, first, *_ = base.case.x.shape
    shaped = value.reshape(n, first, -1, c)[:, np.asarray(how(twin, "order"))]
    return shaped.reshape(value.shape)


def channels_permuted(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """Channels permuted."""
    return value[..., np.asarray(how(twin, "order"))]
