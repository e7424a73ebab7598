"""What has to come back from an implementation for a property to be tested."""

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


OFFERS: dict[Offer, tuple[str, frozenset[str]]] = {
    Offer.DX: ("dx is not offered", _any_of("train", "dx")),
    Offer.DGAMMA: ("dgamma is not offered", _any_of("train", "dgamma")),
    Offer.DBETA: ("dbeta is not offered", _any_of("train", "dbeta")),
    Offer.GRADIENTS: ("no gradient is offered", _any_of("train", *GRADIENTS)),
    Offer.GRADIENTS_OF_INFER: (
        "no gradient of inference is offered",
        _any_of("infer", *GRADIENTS),
    ),
    Offer.STATISTICS: (
        "no running statistics are offered",
        _any_of("train", *STATISTICS),
    ),
    Offer.RUNNING_VAR: ("running_var is not offered", _any_of("train", "running_var")),
    Offer.STATISTICS_OF_INFER: (
        "inference returns no running statistics",
        _any_of("infer", *STATISTICS),
    ),
    Offer.ANY_STATISTICS: (
        "no running statistics are offered",
        _any_of("train", *STATISTICS) | _any_of("infer", *STATISTICS),
    ),
}
"""What has to come back, by offer: why a property is not tested without it, and what suffices."""
