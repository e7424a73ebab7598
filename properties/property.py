"""What a property is: an id, a sentence, a theorem, needs, and one function over records."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bnproof.properties.contract import Declaration
from bnproof.properties.formats import Array
from bnproof.properties.record import Judged, Record

Row = tuple[str, str, str, str, str]
"""One element of a failure: index, got, want, error, bound."""


@dataclass(frozen=True, eq=False)
class Check:
    """One comparison that a property made on one record.

    Attributes:
        record: the case.
        output: what was compared, for instance "dx of infer".
        ratio: worst error/bound; above 1 is a violation, infinite where nothing is measured.
        not_judged: whether some of it has no bound.
        detail: one line, for a violation.
        elements: the worst elements, for a violation; made only when asked for.
        kind: "fail", "crashed" or "timed-out".
        event: the kind of event that was observed, "" where a number was compared.
    """

    record: Record
    output: str
    ratio: float
    not_judged: bool = False
    detail: str = ""
    elements: Callable[[], tuple[Row, ...]] = tuple
    kind: str = "fail"
    event: str = ""

    @property
    def holds(self) -> bool:
        """Whether the property holds here."""
        return self.ratio <= 1


@dataclass(frozen=True, eq=False)
class Records:
    """All records of one dtype, found by name where a relation needs another one."""

    declaration: Declaration
    all: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.all)

    @cached_property
    def by_name(self) -> dict[str, Record]:
        """Records by the name of their case."""
        return {record.case.name: record for record in self.all}

    def tagged(self, tag: str) -> Iterator[Record]:
        """Records of cases with a tag."""
        return (record for record in self.all if tag in record.case.tags)

    @cached_property
    def plain(self) -> dict[str, Record]:
        """The first record of each data set, its numbers finite and its arrays plain."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            ordinary = not case.layouts and "nonfinite" not in case.tags
            if ordinary and case.data_key and case.calls in ("full", "short"):
                found.setdefault(f"{case.data_key}, rank {case.x.ndim}", record)
        return found

    def plain_of(self, record: Record) -> Record | None:
        """The record of the same data in the same rank, finite and plain."""
        return self.plain.get(f"{record.case.data_key}, rank {record.case.x.ndim}")

    @cached_property
    def first(self) -> dict[str, Record]:
        """The first record of each data set, in whatever rank, its numbers finite."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            if case.data_key and not case.judged_channels and "nonfinite" not in case.tags:
                found.setdefault(case.data_key, record)
        return found

    def first_of(self, record: Record) -> Record | None:
        """The first record of the same data."""
        return self.first.get(record.case.data_key)

    def twins(self, relation: str) -> Iterator[tuple[Record, Record]]:
        """Pairs (base, twin) of a relation."""
        for record in self.all:
            twin = record.case.twin
            if twin is not None and twin.relation == relation and twin.of in self.by_name:
                yield self.by_name[twin.of], record


@dataclass(frozen=True)
class Property:
    """A property of any batch normalization.

    Attributes:
        id: permanent, kebab-case, never reused.
        statement: one sentence.
        theorem: id of the theorem of the specification behind it.
        needs: what an implementation has to offer, see `unsupported`.
        check: the comparisons that it makes on records.
        part: the optional part that it is about, as observations name what was offered.
    """

    id: str
    statement: str
    theorem: str
    needs: tuple[str, ...]
    check: Callable[[Records], Iterable[Check]] = field(repr=False)
    part: str = ""

    def unsupported(self, declaration: Declaration) -> str:
        """Why an implementation is not held to this property, "" if it is."""
        for need in self.needs:
            if reason := _NEEDS[need](declaration):
                return reason
        return ""


def _method(name: str) -> Callable[[Declaration], str]:
    def need(declaration: Declaration) -> str:
        offered = name in declaration.methods or "layer" in declaration.methods
        return "" if offered else f"{name} is not offered"

    return need


_NEEDS: dict[str, Callable[[Declaration], str]] = {
    "train": _method("train"),
    "infer": _method("infer"),
    "layer": lambda d: "" if "layer" in d.methods else "layer is not offered",
    "space": lambda d: "" if max(d.ranks) > 2 else "no rank above 2",
    "channels": lambda d: "" if d.fixed.get("channels") != 1 else "one channel only",
    "any shape": lambda d: "the shape is fixed" if {"shape", "channels"} & set(d.fixed) else "",
    "any size": lambda d: "the shape is fixed" if "shape" in d.fixed else "",
    "affine": lambda d: "no gamma and beta" if d.affine_parameters == "none" else "",
    "deterministic": lambda d: "" if d.deterministic else "declared not deterministic",
    "cumulative": lambda d: "" if d.cumulative else "cumulative is not declared",
    "single value": lambda d: (
        "declared undefined, never called" if d.single_value == "undefined" else ""
    ),
    "empty": lambda d: "declared undefined, never called" if d.empty == "undefined" else "",
    "strides": lambda d: "declared not to keep strides" if d.keeps_strides is False else "",
    "momentum": lambda d: "momentum is fixed" if "momentum" in d.fixed else "",
    "replays": lambda d: "backward replays forward" if d.replays else "",
}

SHOWN = 8


def of_judged(record: Record, call: str, judged: Judged) -> Check:
    """The comparison of one output with the truth."""
    output = judged.output if call == "train" else f"{judged.output} of {call}"

    def elements() -> tuple[Row, ...]:
        return rows(judged.got, judged.truth[0], judged.error, judged.bound)

    worst = judged.worst
    detail = f"{output}: {describe(worst)}"
    return Check(record, output, worst, judged.not_judged, detail, elements)


def like_first(record: Record, call: str, judged: Judged, base: Record | None = None) -> Check:
    """The comparison of an output with the truth, or with the first call's if that is off.

    ``base`` is the record that has the first call, where it is another one.  What is wrong from
    the start is another property's to say.
    """
    source = base or record
    first = source.of(call, judged.output) if base else None
    first = first or source.of(call.split(maxsplit=1)[0], judged.output)
    if first is None or first.worst <= 1 or first.got.shape != judged.got.shape:
        return of_judged(record, call, judged)
    output = judged.output if call == "train" else f"{judged.output} of {call}"
    return compare(record, output, judged.got, first.got, first.bound + judged.bound)


def compare(
    record: Record, output: str, got: Array, want: Array, bound: Array, detail: str = ""
) -> Check:
    """The comparison of two arrays within a bound; NaN in ``got`` is an infinite error.

    Differences are formed in float64, whose own rounding is added to the bound.  Where the bound
    or what is wanted is not finite, nothing is judged.
    """
    with np.errstate(all="ignore"):
        got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
        bound = np.broadcast_to(bound, got.shape)
        wide = bound + 2.0**-51 * (np.abs(got) + np.abs(want))
        off = np.abs(got - want)
        open_ = ~np.isfinite(wide) | ~np.isfinite(want)
        wide = np.where(open_, np.inf, wide)
        off = np.where(np.isfinite(off), off, np.where(open_, 0.0, np.inf))
        ratio = np.where((off == 0) | open_, 0.0, off / wide)
    worst = float(np.max(ratio, initial=0.0))

    def elements() -> tuple[Row, ...]:
        return rows(got, want, off, wide)

    text = detail or f"{output}: {describe(worst)}"
    return Check(record, output, worst, bool(open_.any()), text, elements)


def fact(
    record: Record,
    output: str,
    holds: object,
    detail: str,
    kind: str = "fail",
    event: str = "",
) -> Check:
    """A comparison that holds or does not, without a measure; ``event`` is the kind of event."""
    ratio = 0.0 if holds else float("inf")
    return Check(record, output, ratio, detail=detail, kind=kind, event=event)


def rows(got: Array, want: Array, off: Array, bound: Array) -> tuple[Row, ...]:
    """The worst elements, at most eight, as text; index (value, channel) for whole arrays."""
    with np.errstate(all="ignore"):
        ratio = np.nan_to_num(np.where(off == 0, 0.0, off / bound), nan=0.0)
        ratio = np.where(np.isinf(bound), 0.0, ratio)
    order = np.argsort(-ratio, axis=None, kind="stable")[:SHOWN]
    made: list[Row] = []
    for flat in order:
        index = np.unravel_index(int(flat), ratio.shape)
        if ratio[index] <= 1 and made:
            break
        where = ", ".join(str(int(i)) for i in index)
        values = [f"{float(a[index]):.9g}" for a in (got, want)]
        made.append((f"[{where}]", *values, f"{off[index]:.3g}", f"{bound[index]:.3g}"))  # type: ignore[arg-type]  # two values
    return tuple(made)


def describe(ratio: float) -> str:
    """error/bound in words.

    >>> describe(3.0)
    'error is 3 times the bound'
    """
    if ratio == float("inf"):
        return "not finite, or off where the bound is 0"
    return f"error is {ratio:.3g} times the bound"
