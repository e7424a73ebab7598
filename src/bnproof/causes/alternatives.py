"""Whether failures would disappear under another convention or a weaker accuracy class.

The records of a failing check are judged again, as if something else were declared.  A few failing
records decide what to try; all records and all properties then verify it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import accumulate, product
from typing import Any

from bnproof.causes.evidence import evidence
from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.contract.declaration import ATTRIBUTES, Declaration
from bnproof.engine.judging.accepted import Accepted, is_unexpected, of_property
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import conclude
from bnproof.engine.model.calls import TRAINING
from bnproof.engine.model.tag import Tag

BY_RANK = "running_variance"
VALUES: Mapping[str, tuple[str, ...]] = {
    "momentum_weighs": ("new", "old"),
    "running_variance": ("unbiased", "biased"),
    "normalising_variance": ("biased", "unbiased"),
}
"""The conventions that results show without another call, and their values."""

WITNESS: Mapping[str, str] = {
    "momentum_weighs": "running_mean",
    "running_variance": "running_var",
    "normalising_variance": "y",
}
"""The output of training that shows a convention."""

TRIED = {name: values for name, values in VALUES.items() if name in ATTRIBUTES}
SAMPLE = 16  # failing records that decide what is tried
PER_KIND = 3  # of them, of one rank and one number of values per channel
ELEMENTS = 2**16  # of a rank together, where the first has fewer


@dataclass(frozen=True)
class Alternative:
    """Another declaration under which some failures disappear, and no new one appears.

    Attributes:
        declared: the attributes to declare.
        failing: ids of the properties that fail as it is declared now.
        remaining: ids of those that fail under the other declaration as well.
        evidence: records that fail then.
    """

    declared: Mapping[str, Any]
    failing: tuple[str, ...]
    remaining: tuple[str, ...]
    evidence: tuple[Record, ...] = field(repr=False, default=())


def alternative(
    records: Sequence[Record],
    declaration: Declaration,
    dtype: str,
    properties: Sequence[Property],
    failing: Sequence[str],
    known: Sequence[Accepted] = (),
) -> Alternative | None:
    """Find another declaration under which fewer properties fail; None if there is none.

    ``failing`` are the ids of the properties that fail in this dtype as it is declared.
    """
    sample = _sample(records)
    ranks = {record.case.x.ndim for record in records if record.of("train", "running_var")}
    declared = _likeliest(sample, ranks, declaration, dtype)
    if not declared:
        return None
    other = replace(declaration, **declared)
    if declared.get("normalising_variance") == "unbiased" and other.single_value == "beta":
        other = replace(other, single_value="undefined")  # the variance of one value is 0/0 then
    again = Records(other, tuple(judged_again(records, other, dtype)))
    concluded = [conclude(p, again, dtype, of_property(known, p.id)) for p in properties]
    left = [result for result, failed in concluded if failed]
    remaining = tuple(result.property for result in left)
    if not set(remaining) < set(failing):
        return None
    shown = dict.fromkeys(result.violations[0].case_name for result in left)
    unexpected = [r for r in again if is_unexpected(r, known)] if known else again.all
    wrong = evidence([again.by_name[name] for name in shown], unexpected) if left else []
    return Alternative(declared, tuple(failing), remaining, tuple(wrong))


def judged_again(
    records: Iterable[Record], declaration: Declaration, dtype: str
) -> Iterator[Record]:
    """Judge what was observed as if something else were declared."""
    judge = Judge(declaration, dtype)
    for record in records:
        made = judge.judge(record.case, record.observation)
        made.case, made.ran = record.case, record.ran
        yield made


def _sample(records: Sequence[Record]) -> list[Record]:
    """Small failing records of each rank and number of values; two values hide N - 1."""
    taken: dict[tuple[int, int], int] = {}
    chosen = []
    for record in sorted(records, key=lambda r: (r.case.count < 3, r.case.x.size)):
        if record.worst <= 1 or Tag.NONFINITE in record.case.tags:
            continue
        kind = record.case.x.ndim, record.case.count
        taken[kind] = taken.get(kind, 0) + 1
        if taken[kind] <= PER_KIND:
            chosen.append(record)
    ranks = list(dict.fromkeys(r.case.x.ndim for r in chosen))
    by_rank = {rank: [r for r in chosen if r.case.x.ndim == rank] for rank in ranks}
    each = max(1, SAMPLE // max(1, len(ranks)))
    return [record for rank in ranks for record in _few(by_rank[rank][:each])]


def _few(records: Sequence[Record]) -> list[Record]:
    """The first, and as many of the next as have few elements with it."""
    sizes = accumulate(record.case.x.size for record in records)
    return [
        r for r, size in zip(records, sizes, strict=True) if r is records[0] or size <= ELEMENTS
    ]


def _likeliest(
    sample: Sequence[Record], ranks: AbstractSet[int], declaration: Declaration, dtype: str
) -> dict[str, Any]:
    """The attributes to change so that the fewest outputs of the sample are off; {} if none.

    A convention is changed only if it explains the output that shows it in every record.
    """
    if not sample:
        return {}
    changed = _by_convention(sample, ranks, declaration, dtype)
    weaker = _by_accuracy(sample, replace(declaration, **changed), dtype)
    again = list(judged_again(sample, replace(declaration, **changed, **weaker), dtype))
    kept = {
        name: value
        for name, value in changed.items()
        if all(_explained(record, WITNESS[name]) for record in again)
    }
    if kept != changed:
        weaker = _by_accuracy(sample, replace(declaration, **kept), dtype)
    return {**kept, **weaker}


def _explained(record: Record, output: str) -> bool:
    """Whether an output of training is within its bound wherever it was judged."""
    return all(
        judged.worst <= 1 for _, judged in record.all_judged(*TRAINING) if judged.output == output
    )


def _by_convention(
    sample: Sequence[Record], every: AbstractSet[int], declaration: Declaration, dtype: str
) -> dict[str, Any]:
    ranks = list(dict.fromkeys(record.case.x.ndim for record in sample))
    # where the output that shows a convention is right, so is the convention
    tried = [n for n in TRIED if not all(_explained(r, WITNESS[n]) for r in sample)]
    if not tried:
        return {}
    # a rank that does not fail keeps what is declared
    holding = {rank: _kind(declaration, rank) for rank in every - set(ranks)}
    names = [name for name in TRIED if name != BY_RANK]

    def values_of(name: str) -> tuple[str, ...]:
        return TRIED[name] if name in tried else (getattr(declaration, name),)

    def kinds_of(now: str) -> tuple[str, ...]:
        return TRIED[BY_RANK] if BY_RANK in tried else (now,)

    found: list[tuple[int, int, dict[str, Any]]] = []
    for values in product(*(values_of(name) for name in names)):
        changed: dict[str, Any] = {
            name: value
            for name, value in zip(names, values, strict=True)
            if getattr(declaration, name) != value
        }
        off, kinds = 0, dict(holding) if not changed else dict[int, str]()
        for rank in ranks:
            of_rank = [record for record in sample if record.case.x.ndim == rank]
            now = _kind(declaration, rank)
            counts = {
                kind: _off(of_rank, replace(declaration, **{**changed, BY_RANK: kind}), dtype)
                for kind in sorted(kinds_of(now), key=lambda kind: kind != now)
            }
            kinds[rank] = min(counts, key=lambda kind: counts[kind])
            off += counts[kinds[rank]]
        changed |= _running_variance(declaration, kinds)
        found.append((off, len(changed), changed))
    return min(found, key=lambda each: each[:2])[2]


def _kind(declaration: Declaration, rank: int) -> str:
    return "unbiased" if declaration.unbiased(rank) else "biased"


def _running_variance(declaration: Declaration, kinds: Mapping[int, str]) -> dict[str, Any]:
    """The attribute, by rank only where ranks differ; {} if it is as declared."""
    if all(declaration.unbiased(rank) == (kind == "unbiased") for rank, kind in kinds.items()):
        return {}
    distinct = set(kinds.values())
    return {BY_RANK: dict(sorted(kinds.items())) if len(distinct) > 1 else distinct.pop()}


def _by_accuracy(sample: Sequence[Record], declaration: Declaration, dtype: str) -> dict[str, Any]:
    """The strongest weaker class under which the fewest outputs are off; {} if none helps."""
    at = CLASSES.index(declaration.accuracy_for(dtype))
    known = Judge(declaration, dtype).classes
    counts = {
        name: _off(sample, replace(declaration, accuracy=name), dtype)
        for name in (CLASSES[at], *(c for c in CLASSES[at + 1 :] if c in known))
    }
    best = min(counts, key=lambda name: counts[name])  # the first of equals is the strongest
    return {} if best == CLASSES[at] else {"accuracy": best}


def _off(sample: Sequence[Record], declaration: Declaration, dtype: str) -> int:
    again = judged_again(sample, declaration, dtype)
    return sum(judged.worst > 1 for record in again for _, judged in record.all_judged())
