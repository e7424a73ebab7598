"""What has to come back from an implementation for a property to be tested."""

from collections.abc import Mapping
from enum import Enum

from bnproof.engine.model.calls import DOUBLE_CALLS, Call
from bnproof.engine.model.names import DOUBLE, GRADIENTS, STATISTICS, Output


class Offer(Enum):
    """What has to come back."""

    DX = "dx"
    DGAMMA = "dgamma"
    DBETA = "dbeta"
    GRADIENTS = "gradients"
    GRADIENTS_OF_INFER = "gradients of infer"
    STATISTICS = "statistics"
    RUNNING_VAR = "running_var"
    STATISTICS_OF_INFER = "statistics of infer"
    ANY_STATISTICS = "any statistics"
    DOUBLE_BACKWARD = "double backward"


Offered = frozenset[tuple[Call, Output]]
"""Results that came back, each with its call."""


def _any_of(call: Call, *names: Output) -> Offered:
    return frozenset((call, name) for name in names)


OFFERS: Mapping[Offer, Offered] = {
    Offer.DX: _any_of("train", "dx"),
    Offer.DGAMMA: _any_of("train", "dgamma"),
    Offer.DBETA: _any_of("train", "dbeta"),
    Offer.GRADIENTS: _any_of("train", *GRADIENTS),
    Offer.GRADIENTS_OF_INFER: _any_of("infer", *GRADIENTS),
    Offer.STATISTICS: _any_of("train", *STATISTICS),
    Offer.RUNNING_VAR: _any_of("train", "running_var"),
    Offer.STATISTICS_OF_INFER: _any_of("infer", *STATISTICS),
    Offer.ANY_STATISTICS: _any_of("train", *STATISTICS) | _any_of("infer", *STATISTICS),
    Offer.DOUBLE_BACKWARD: frozenset((call, name) for call in DOUBLE_CALLS for name in DOUBLE),
}
"""The results of which one suffices."""
