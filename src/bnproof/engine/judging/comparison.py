"""A comparison: one output of one record against the truth, or against another output."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import FIRST, Call, Label
from bnproof.engine.model.event import EarlyEnd, Event, EventKind, labelled
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Output
from bnproof.engine.model.verdict import FailureKind

Law = Literal[
    "sum",
    "mean",
    "variance",
    "<dx, v>",
    "<u, dx(v)>",
    "y against x",
    "y against beta",
    "y[0]",
    "channel 0",
    "gamma y' - gamma' y",
]
"""What is compared where it is not a result itself, but what a law says of results."""

Of = Label | Output | Literal["", "x dx", "dx xhat", "dy (y - beta)"]
"""The call, the result or the product that something belongs to; "" for a training call."""

Element = tuple[tuple[int, ...], str, str, str, str]
"""One element of a failure: index, got, want, error, bound."""

Row = tuple[str, str, str, str, str]
"""The same with the index as text."""


@dataclass(eq=False, slots=True)  # frozen ones take three times as long to make, and there are many
class Comparison:
    """One comparison that a property made on one record.

    Attributes:
        record: the case.
        output: what was compared, for instance "dx".
        of: the call or the quantity that it belongs to, "" for a training call.
        ratio: worst error/bound; above 1 is a violation, infinite where nothing is measured.
        not_judged: whether some of it has no bound.
        finding: what was found where it is more than an error beyond its bound.
        elements: the worst elements, for a violation; made only when asked for.
        kind: "fail", "crashed" or "timed-out".
        event: the kind of event that was observed while the case ran, None where a number was
            compared.
    """

    record: Record
    output: str
    of: str
    ratio: float
    not_judged: bool = False
    finding: Event | EarlyEnd | None = None
    elements: Callable[[], tuple[Element, ...]] = tuple
    kind: FailureKind = "fail"
    event: EventKind | None = None

    @property
    def label(self) -> str:
        """The output as reports name it."""
        return labelled(self.output, self.of)

    def named(self, output: str) -> "Comparison":
        """The same comparison under another name for what was compared."""
        return replace(self, output=output, of="")

    @property
    def holds(self) -> bool:
        """Whether the property holds here."""
        return self.ratio <= 1


SHOWN = 8


def of_judged(record: Record, call: Label, judged: Judged, *, named: str = "") -> Comparison:
    """The comparison of one output with the truth; ``named`` is the call in other words."""

    def elements() -> tuple[Element, ...]:
        return rows(judged.got, judged.truth[0], judged.error, judged.bound)

    of, not_judged = named or of_call(call), judged.not_judged
    return Comparison(record, judged.output, of, judged.worst, not_judged, elements=elements)


def of_call(call: Label) -> Of:
    """The call that an output is named with: training goes without saying."""
    return "" if call == "train" else call


def like_first(
    record: Record, call: Call, judged: Judged, base: Record | None = None
) -> Comparison:
    """The comparison of an output with the truth, or with the first call's if that is off.

    ``base`` is the record that has the first call, where it is another one.  What is wrong from
    the start is another property's to say.
    """
    source = base or record
    first = source.like(call, judged) if base else None
    first = first or source.like(FIRST[call], judged)
    if first is None or first.worst <= 1 or first.got.shape != judged.got.shape:
        return of_judged(record, call, judged)
    bound = first.bound + judged.bound
    return compare(record, judged.output, judged.got, first.got, bound, of=of_call(call))


def compare(
    record: Record,
    output: Output | Law,
    got: Array,
    want: Array,
    bound: Array,
    *,
    of: Of = "",
    finding: Event | None = None,
) -> Comparison:
    """The comparison of two arrays within a bound; NaN in ``got`` is an infinite error.

    Differences are formed in float64, whose own rounding is added to the bound.  Where the bound
    or what is wanted is not finite, nothing is judged.
    """
    with np.errstate(all="ignore"):
        got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
        wide = bound + 2.0**-51 * (np.abs(got) + np.abs(want))
        off = np.abs(got - want)
        worst, not_judged = float((off / wide).max(initial=0.0)), False
        if not (worst < np.inf and wide.max(initial=0.0) < np.inf):  # not all of it is a number
            open_ = ~np.isfinite(wide) | ~np.isfinite(want)
            wide = np.where(open_, np.inf, wide)
            off = np.where(np.isfinite(off), off, np.where(open_, 0.0, np.inf))
            ratio = np.where((off == 0) | open_, 0.0, off / wide)
            worst, not_judged = float(ratio.max(initial=0.0)), bool(open_.any())

    def elements() -> tuple[Element, ...]:
        return rows(got, want, off, wide)

    return Comparison(record, output, of, worst, not_judged, finding, elements)


def happened(record: Record, event: Event, *, seen: bool = True) -> Comparison:
    """A violation: an event, which was ``seen`` while the case ran or is found in its results."""
    kind = event.kind if seen else None
    ratio = float("inf")
    return Comparison(record, event.argument, event.origin, ratio, finding=event, event=kind)


def ended(record: Record, failure: EarlyEnd) -> Comparison:
    """A violation: the case ended early."""
    ratio = float("inf")
    return Comparison(record, failure.kind, "", ratio, finding=failure, kind=failure.kind)


def nothing_happened(record: Record, output: str = "") -> Comparison:
    """A comparison that holds: what could have happened did not."""
    return Comparison(record, output, "", 0.0)


def found(record: Record, event: Event, *, holds: object) -> Comparison:
    """A fact about results, which ``event`` is the opposite of."""
    if holds:
        return nothing_happened(record, event.argument)
    return Comparison(record, event.argument, "", float("inf"), finding=event)


def rows(got: Array, want: Array, off: Array, bound: Array) -> tuple[Element, ...]:
    """The worst elements, at most eight; index (value, channel) for whole arrays."""
    with np.errstate(all="ignore"):
        ratio = np.nan_to_num(np.where(off == 0, 0.0, off / bound), nan=0.0)
        ratio = np.where(np.isinf(bound), 0.0, ratio)
    order = np.argsort(-ratio, axis=None, kind="stable")[:SHOWN]
    made: list[Element] = []
    for flat in order:
        index = np.unravel_index(int(flat), ratio.shape)
        if ratio[index] <= 1 and made:
            break
        where = tuple(int(i) for i in index)
        values = [f"{float(a[index]):.9g}" for a in (got, want)]
        made.append((where, *values, f"{off[index]:.3g}", f"{bound[index]:.3g}"))  # type: ignore[arg-type]  # two values
    return tuple(made)


def in_text(elements: Iterable[Element]) -> tuple[Row, ...]:
    """Elements as reports show them.

    >>> in_text([((7, 1), "0.5", "0.25", "0.25", "1e-16")])
    (('[7, 1]', '0.5', '0.25', '0.25', '1e-16'),)
    """
    return tuple(
        (f"[{', '.join(map(str, index))}]", got, want, error, bound)
        for index, got, want, error, bound in elements
    )
