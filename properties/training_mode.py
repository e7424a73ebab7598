"""Training uses the statistics of the batch and nothing else."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.property import relation_statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.transforms import same, transformed
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.names import GRADIENTS
from bnproof.engine.portfolio import relations


@relation_statement(
    "forward/independent-of-running-statistics",
    "In training, y and the gradients do not depend on the running statistics.",
    theorem="training-ignores-running",
    twins=relations.independent_of_running_statistics,
    needs=(Need.TRAIN, Need.ANY_SHAPE, Need.EPS),
    rests_on=(Basis.Y, Basis.GRADIENTS),
)
def independent_of_running_statistics(base: Record, twin: Record) -> Iterator[Comparison]:
    """y and the gradients with other running statistics."""
    yield from transformed(base, twin, dict.fromkeys(("y", *GRADIENTS), same))
