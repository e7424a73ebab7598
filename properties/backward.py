"""The backward pass in training: the gradients, and the slopes that they have to be."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare, happened
from bnproof.engine.judging.facts import raised
from bnproof.engine.judging.laws import exact_sums
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import ADDED, GRADIENTS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import finite_differences
from bnproof.engine.truth.bounds.slope import truncation

OTHER_SLOPE = Event(EventKind.OTHER_SLOPE, "train", "<dx, v>")


@statement(
    "backward/agreement",
    "dx, dgamma and dbeta agree with exact arithmetic within the bound of the declared class.",
    theorem="dx-closed-form",
    needs=(Need.TRAIN, Offer.GRADIENTS),
    rests_on=(),
)
def agreement(records: Records) -> Iterator[Comparison]:
    """The gradients of the first backward of every case; dx is 0 where a mask leaves values out."""
    yield from (
        happened(record, event)
        for record in records.tagged(Tag.MASKED)
        for event in record.observation.of(EventKind.NOT_ZERO)
    )
    for record in records:
        yield from raised(record, "train", "other")
        yield from agreement_of(record, *GRADIENTS, *ADDED)


@statement(
    "backward/finite-differences",
    "<dx, v> is the slope of <dy, y> along v.",
    theorem="finite-difference-bound",
    needs=(Need.TRAIN, Need.ANY_SHAPE, Need.WIDE, Offer.DX, Need.PLAIN),
    rests_on=(Basis.GRADIENTS, Basis.Y),
)
def slopes(records: Records) -> Iterator[Comparison]:
    """D(h) against <dx, v> within the bound that `bnproof.engine.truth.bounds.slope` derives."""
    pairs: dict[str, list[Record]] = {}
    for base, twin in records.twins(finite_differences.RELATION):
        pairs.setdefault(base.case.name, [base]).append(twin)
    for group in pairs.values():
        if len(group) == 3:
            yield from _slope(*group)


def _slope(base: Record, plus: Record, minus: Record) -> Iterator[Comparison]:
    dx, up, down = base.of("train", "dx"), plus.of("train", "y"), minus.of("train", "y")
    twin = plus.case.twin
    if dx is None or up is None or down is None or base.train is None or twin is None:
        return
    v, h = np.asarray(twin.how["v"]), np.asarray(twin.how["h"])
    dy = columns(base.case.dy).astype(np.float64)
    noise = (np.abs(dy) * (up.bound + down.bound)).sum(axis=0) / (2 * h)
    own = (np.abs(v) * dx.bound).sum(axis=0)
    products = dy * (up.got.astype(np.float64) - down.got.astype(np.float64))
    rounding = 2.0**-51 * (
        (np.abs(dy) * (np.abs(up.got) + np.abs(down.got))).sum(axis=0) / (2 * h)
        + np.abs(dx.got * v).sum(axis=0)
    )
    quotient = exact_sums(products) / (2 * h)
    want = exact_sums(np.asarray(dx.got, np.float64) * v)
    bound = truncation(base.train, base.case, v, h) + noise + own + rounding
    yield compare(base, "<dx, v>", want, quotient, bound, finding=OTHER_SLOPE)
