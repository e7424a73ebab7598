"""Right implementations with an added input, and with a mask."""

from typing import Any

import numpy as np

from bnproof.mutants.controls.control import control
from bnproof.mutants.extras import Added, Masked, Weighted


@control("added-input", "An input is added to y; no activation.")
class PlainAdded(Added):
    """y + residual."""


@control("added-input-and-relu", "An input is added to y, and a ReLU follows.")
class AddedReLU(Added):
    """relu(y + residual)."""

    activation = "relu"


@control("added-input-and-silu", "An input is added to y, and silu follows.")
class AddedSiLU(Added):
    """silu(y + residual)."""

    activation = "silu"


@control("mask-by-selection", "Only values that count are taken, and the rest of y is 0.")
class Selecting(Masked):
    """Selects rows."""


@control("mask-by-weights", "Values are weighted by 0 and 1, and the rest of y is normalized too.")
class Weighting(Weighted):
    """Multiplies by the mask."""


@control("mask-as-numbers", "The mask is turned into numbers of x's dtype.")
class WeightingNumbers(Weighted):
    """Multiplies by a mask of numbers."""

    def weights_of(self, mask: Any, like: Any) -> Any:
        """The mask as numbers."""
        return np.asarray(mask).astype(like.dtype)
