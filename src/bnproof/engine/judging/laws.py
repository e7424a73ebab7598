"""Laws about whole outputs: sums without rounding, their bounds, and what they contain."""

import math
from collections.abc import Iterator

import numpy as np

from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.calls import Call
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Output, Parameter

LAW_LIMIT = 2**14
"""Elements up to which laws are checked: sums without rounding are slow."""

SMALLEST = 2.0**-1074
LOST = 8
"""Operations on a sum and on what it is compared with that may lose SMALLEST each."""


def exact_sums(values: Array) -> Array:
    """Column sums without rounding, by math.fsum."""
    columns: list[list[float]] = np.asarray(values, np.float64).T.tolist()
    return np.array([_fsum(column) for column in columns])


def _fsum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities of both signs: no sum
        return math.nan


def small(records: Records, call: Call, output: Output) -> Iterator[tuple[Record, Judged]]:
    """Records in which an output is small enough for exact sums."""
    for record in records:
        judged = record.of(call, output)
        if judged is not None and judged.got.size <= LAW_LIMIT:
            yield record, judged


def parameter(record: Record, name: Parameter, default: float) -> Array:
    """Gamma or beta of a case as float64, or its default where there is none."""
    value = getattr(record.case, name)
    return (
        np.full(record.case.channels, default) if value is None else np.asarray(value, np.float64)
    )


def is_finite(a: Array) -> bool:
    """Whether all elements are finite."""
    return bool(np.isfinite(a.astype(np.float64)).all())


def small_dx(records: Records) -> Iterator[tuple[Record, Judged]]:
    """Records whose dx is small enough for exact sums, with the exact quantities of training."""
    return ((r, dx) for r, dx in small(records, "train", "dx") if r.train is not None)


def sums_of_dx(records: Records) -> Iterator[Comparison]:
    """Compare the sums of dx with 0."""
    for record, dx in small_dx(records):
        got, bound = exact_sums(dx.got), dx.bound.sum(axis=0)
        yield compare(record, "sum", got, np.zeros_like(got), bound, of="dx")


def along(dx: Judged, factor: Array) -> tuple[Array, Array]:
    """Sum of dx times a factor, per channel, and its bound."""
    with np.errstate(all="ignore"):
        product = np.asarray(dx.got, np.float64) * factor
        bound = (np.abs(factor) * dx.bound + 2.0**-52 * np.abs(product)).sum(axis=0)
    return exact_sums(product), bound + (len(product) + LOST) * SMALLEST


def returned_dgamma(record: Record) -> tuple[Array, Array] | None:
    """Return dgamma and its bound; exact where there is no gamma that it belongs to."""
    judged = record.of("train", "dgamma")
    if judged is not None:
        return np.asarray(judged.got, np.float64), judged.bound
    if record.case.gamma is not None or record.train is None:
        return None
    exact, _ = record.train.truth.values["dgamma"]
    return exact, np.full(exact.shape, SMALLEST)  # its own rounding is allowed for with the others
