"""What a property can rest on: results that have to be right before it says anything new."""

from enum import Enum


class Basis(Enum):
    """Results of one call, which one property compares with exact arithmetic."""

    Y = "y"
    GRADIENTS = "gradients"
    STATISTICS = "statistics"
    Y_OF_INFER = "y of infer"
    GRADIENTS_OF_INFER = "gradients of infer"


TRAINING = (Basis.Y, Basis.GRADIENTS, Basis.STATISTICS)
"""All that a training call and its backward return."""
