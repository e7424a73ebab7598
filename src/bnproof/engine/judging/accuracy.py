"""How accurate an implementation is: its class, its effective depth, and what used up the bound."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.judging.depths import sums_by_count
from bnproof.engine.judging.measures import by_output, offset_curves
from bnproof.engine.judging.record import Found, Judged, Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.result import Accuracy
from bnproof.engine.model.tag import Tag
from bnproof.engine.truth.bounds import Arithmetic, bounds, largest_term

STEPS = 12


def accuracy(records: Sequence[Record], classes: Mapping[AccuracyClass, Arithmetic]) -> Accuracy:
    """The accuracy found on all records of a dtype; ``classes`` are given strongest first."""
    declared: Found = records[0].arithmetic.name if records else ""
    worst = _worst(records)
    exact = [r.exact for r in records]
    layouts = {_layout(r) for r in records}
    by_layout = {
        name: _weakest([r for r in records if _layout(r) == name], classes)
        for name in sorted(layouts)
    }
    depth, count = effective_depth(records)
    found = _weakest(records, classes)
    return Accuracy(
        declared=declared,
        found=found,
        by_layout=by_layout,
        worst_ratio=0.0 if worst is None else worst[2].worst,
        worst_output="" if worst is None else f"{worst[2].output} ({worst[1]})",
        worst_case="" if worst is None else worst[0].case.describe(),
        term=_term(worst),
        depth=depth,
        depth_count=count,
        worst_case_name="" if worst is None else worst[0].case.name,
        exact=(sum(e[0] for e in exact), sum(e[1] for e in exact)),
        outputs=by_output(records, _worth_trying(classes, declared, found)),
        offsets=offset_curves(records, classes),
        sums=sums_by_count(records),
    )


def _worth_trying(
    classes: Mapping[AccuracyClass, Arithmetic], declared: Found, found: Found
) -> dict[AccuracyClass, Arithmetic]:
    """The classes that every output is held against, for a report's sake.

    Those of low precision cost as much as the check itself, and are tried if they matter: if one
    is declared or found, or if nothing else explains the results.
    """
    names = list(classes)
    if not found:
        return dict(classes)
    worth: tuple[Found, ...] = ("one-pass", declared, found)
    last = max(names.index(name) for name in worth if name)
    return {name: classes[name] for name in names[: last + 1]}


def _layout(record: Record) -> str:
    layout = record.case.layouts.get("x", "C")
    return f"rank {record.case.x.ndim}, {layout}"


def _weakest(records: Sequence[Record], classes: Iterable[AccuracyClass]) -> Found:
    """The strongest class that explains all records: the weakest of theirs, "" if one has none."""
    found = {r.found for r in records if r.judged}
    if "" in found or not found:
        return ""
    return max((name for name in found if name), key=list(classes).index)


def _worst(records: Sequence[Record]) -> tuple[Record, Call, Judged] | None:
    """The judged result with the largest error/bound."""
    found = ((record, *judged) for record in records for judged in record.all_judged())
    return max(found, key=lambda each: each[2].worst, default=None)


def _term(worst: tuple[Record, Call, Judged] | None) -> str:
    if worst is None or not worst[0].declaration.is_plain:
        return ""
    record, call, judged = worst
    quantities = record.expected_of(call).quantities
    return largest_term(record.arithmetic, quantities, judged.output, judged.worst_index)


def effective_depth(records: Sequence[Record]) -> tuple[float, int]:
    """The fewest additions per summand that explain a case of many values, and their number.

    A chain of N additions has about N, a tree log2 N, compensated sums less than 1.  Measured on
    the case tagged "depth" with the most values; NaN where there is none or nothing explains it.
    """
    candidates = [
        r
        for r in records
        if Tag.DEPTH in r.case.tags and r.train is not None and r.declaration.is_plain
    ]
    if not candidates:
        return float("nan"), 0
    record = max(candidates, key=lambda r: r.case.count)
    count = record.case.count
    if not _explained(record, float(4 * count)):
        return float("nan"), count
    low, high = 0.0, float(4 * count)
    if _explained(record, 0.0):
        return 0.0, count
    for _ in range(STEPS):
        middle = (low * high) ** 0.5 if low > 0 else high / 8
        low, high = (low, middle) if _explained(record, middle) else (middle, high)
    return high, count


def _explained(record: Record, depth: float) -> bool:
    assert record.train is not None  # noqa: S101  # candidates were trained
    arithmetic: Arithmetic = replace(record.arithmetic, depth=depth)
    values = bounds(arithmetic, record.train).values
    return all(
        bool((judged.error <= values[judged.output]).all())
        for _, judged in record.all_judged("train")
    )
