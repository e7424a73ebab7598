"""What the gradients mean for the layer in front of the normalization: its bias and its weight."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.laws import along, parameter, returned_dgamma, small_dx, sums_of_dx
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.offers import Offer


@statement(
    "backward/bias-in-front",
    "The gradient of a bias in front, the sum of dx, is 0.",
    theorem="bias-gradient-zero",
    needs=(Need.TRAIN, Offer.DX),
    rests_on=(Basis.GRADIENTS,),
)
def bias_in_front(records: Records) -> Iterator[Comparison]:
    """The gradient of a bias is the sum of dx."""
    yield from sums_of_dx(records)


@statement(
    "backward/weight-in-front",
    "sum x dx = gamma eps inv_std^2 dgamma, which is W . dW of a layer in front.",
    theorem="weight-dot-gradient",
    needs=(Need.TRAIN, Offer.DX, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def weight_in_front(records: Records) -> Iterator[Comparison]:
    """sum x dx = gamma eps inv_std^2 dgamma: what W . dW is for a layer x = W u in front."""
    for record, dx in small_dx(records):
        dgamma = returned_dgamma(record)
        if dgamma is None or record.train is None:
            continue
        with np.errstate(all="ignore"):
            x = columns(record.case.x).astype(np.float64)
            factor = parameter(record, "gamma", 1.0) * record.train.eps * record.train.inv_std**2
            got, bound = along(dx, x)
            want = factor * dgamma[0]
            bound = bound + np.abs(factor) * dgamma[1] + 2.0**-49 * np.abs(want)
        yield compare(record, "sum", got, want, bound, of="x dx")
