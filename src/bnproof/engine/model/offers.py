"""What has to come back from an implementation for a property to be tested."""

from collections.abc import Mapping
from enum import StrEnum

from bnproof.engine.model.names import GRADIENTS, STATISTICS


class Offer(StrEnum):
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


def _any_of(call: str, *names: str) -> frozenset[str]:
    return frozenset(f"{call} {name}" for name in names)


OFFERS: Mapping[Offer, frozenset[str]] = {
    Offer.DX: _any_of("train", "dx"),
    Offer.DGAMMA: _any_of("train", "dgamma"),
    Offer.DBETA: _any_of("train", "dbeta"),
    Offer.GRADIENTS: _any_of("train", *GRADIENTS),
    Offer.GRADIENTS_OF_INFER: _any_of("infer", *GRADIENTS),
    Offer.STATISTICS: _any_of("train", *STATISTICS),
    Offer.RUNNING_VAR: _any_of("train", "running_var"),
    Offer.STATISTICS_OF_INFER: _any_of("infer", *STATISTICS),
    Offer.ANY_STATISTICS: _any_of("train", *STATISTICS) | _any_of("infer", *STATISTICS),
}
"""The results of which one suffices, as observations name what was offered."""
