"""The backward pass is linear in dy, symmetric, and independent of beta."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.laws import along
from bnproof.engine.judging.property import relation_statement, statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.transforms import how, same, times, transformed
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.names import GRADIENTS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import relations

SIZED = (Need.TRAIN, Need.ANY_SHAPE, Need.EPS)
RELATED = (*SIZED, Offer.GRADIENTS)


@statement(
    "backward/additivity",
    "The gradients of dy + dy' are the sums of the gradients of each.",
    theorem="linear-in-dy",
    needs=RELATED,
    rests_on=(Basis.GRADIENTS,),
)
def additivity(records: Records) -> Iterator[Comparison]:
    """The gradients of dy + dy' are the sums of those of dy and of dy'."""
    for base, twin in records.twins(relations.additivity.name):
        other = records.by_name.get(how(twin, "with"))
        for output in GRADIENTS:
            parts = [r.of("train", output) for r in (base, other, twin) if r is not None]
            if len(parts) < 3 or any(p is None for p in parts):
                continue
            a, b, both = (p for p in parts if p is not None)
            want = a.got.astype(np.float64) + b.got.astype(np.float64)
            yield compare(twin, output, both.got, want, a.bound + b.bound + both.bound)


@relation_statement(
    "backward/homogeneity",
    "The gradients of c dy are c times those of dy.",
    theorem="linear-in-dy",
    twins=relations.homogeneity,
    needs=RELATED,
    rests_on=(Basis.GRADIENTS,),
)
def homogeneity(base: Record, twin: Record) -> Iterator[Comparison]:
    """The gradients of 4 dy are 4 times those of dy."""
    yield from transformed(base, twin, dict.fromkeys(GRADIENTS, times(4.0)))


@relation_statement(
    "backward/symmetry",
    "<u, dx(v)> = <v, dx(u)> in each channel.",
    theorem="backward-symmetry",
    twins=relations.symmetry,
    needs=(*SIZED, Offer.DX, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def symmetry(base: Record, twin: Record) -> Iterator[Comparison]:
    """u is the dy of the twin, v that of the base."""
    a, b = base.of("train", "dx"), twin.of("train", "dx")
    if a is not None and b is not None:
        left, left_bound = along(a, columns(twin.case.dy).astype(np.float64))
        right, right_bound = along(b, columns(base.case.dy).astype(np.float64))
        yield compare(twin, "<u, dx(v)>", left, right, left_bound + right_bound)


@relation_statement(
    "backward/independent-of-beta",
    "No gradient depends on beta.",
    theorem="independent-of-beta",
    twins=relations.independent_of_beta,
    needs=(*SIZED, Need.BETA, Offer.GRADIENTS, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def independent_of_beta(base: Record, twin: Record) -> Iterator[Comparison]:
    """The gradients with another beta."""
    yield from transformed(base, twin, dict.fromkeys(GRADIENTS, same))


@statement(
    "backward/zero-dy",
    "A dy of zeros gives a dx of zeros.",
    theorem="linear-in-dy",
    needs=(Need.TRAIN, Offer.DX),
    rests_on=(Basis.GRADIENTS,),
)
def zero_dy(records: Records) -> Iterator[Comparison]:
    """dx of every such case."""
    yield from _zero(records, Tag.ZERO_DY)


@statement(
    "backward/constant-dy",
    "A constant dy gives a dx of zeros.",
    theorem="constant-dy",
    needs=(Need.TRAIN, Offer.DX, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def constant_dy(records: Records) -> Iterator[Comparison]:
    """dx of every such case."""
    yield from _zero(records, Tag.CONSTANT_DY)


def _zero(records: Records, tag: Tag) -> Iterator[Comparison]:
    for record in records.tagged(tag):
        dx = record.of("train", "dx")
        if dx is not None:
            yield compare(record, "dx", dx.got, np.zeros(dx.got.shape), dx.bound)
