"""What a property needs an implementation to allow; the reasons are in `engine.wording.reasons`."""

import math
from collections.abc import Callable, Mapping
from enum import Enum

from bnproof.engine.contract.choices import Setting
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.formats import FORMATS

FEW = 8
"""Values per channel with which both estimators of the variance are far apart."""

GRID_EPS = 0.5
"""The eps for which the data of relations between two calls is made."""

SCALED_EPS = tuple(GRID_EPS * 4.0**power for power in (-2, 1, 3))
"""Those of the same data scaled by powers of two."""

EXTREME_MOMENTUM = (0.0, 1.0)


class Need(Enum):
    """What a declaration has to allow."""

    TRAIN = "train"
    INFER = "infer"
    LAYER = "layer"
    SPACE = "space"
    """A rank above 2."""
    CHANNELS = "channels"
    """Several channels."""
    ANY_SHAPE = "any shape"
    """Other shapes, and other numbers of channels."""
    ANY_SIZE = "any size"
    """Other numbers of values."""
    FEW_VALUES = "few values"
    """Few values per channel."""
    EPS = "eps"
    """The eps of the grid."""
    SCALED_EPS = "scaled eps"
    """That eps scaled with x."""
    AFFINE = "affine"
    """gamma or beta."""
    GAMMA = "gamma"
    BETA = "beta"
    BIASED = "biased"
    """A normalisation that does not depend on N."""
    PLAIN = "plain"
    """y = gamma xhat + beta, with the statistics of the whole batch."""
    WHOLE_BATCH = "whole batch"
    """The statistics of the whole batch."""
    DETERMINISTIC = "deterministic"
    CUMULATIVE = "cumulative"
    """momentum = None."""
    SINGLE_VALUE = "single value"
    """One value per channel."""
    EMPTY = "empty"
    """An empty batch."""
    MOMENTUM = "momentum"
    """A variable momentum."""
    EXTREME_MOMENTUM = "extreme momentum"
    """momentum 0 or 1."""
    REPLAYS = "replays"
    """Calls between forward and backward."""
    WIDE = "wide"
    """32 or 64 bits."""


def _setting(name: Setting, values: tuple[float, ...]) -> Callable[[Declaration], bool]:
    return lambda d: any(d.allows(name, value) for value in values)


def _few_values(declaration: Declaration) -> bool:
    shape = declaration.fixed.get("shape")
    if shape is None:
        return True
    channels = shape[1] if declaration.channel_axis == 1 else shape[-1]
    return bool(math.prod(shape) // channels <= FEW)


def _is_wide(declaration: Declaration) -> bool:
    return not all(FORMATS[dtype].is_16_bit for dtype in declaration.dtypes)


ALLOWED: Mapping[Need, Callable[[Declaration], bool]] = {
    Need.TRAIN: lambda d: d.has("train") or d.has("layer"),
    Need.INFER: lambda d: d.has("infer") or d.has("layer"),
    Need.LAYER: lambda d: d.has("layer"),
    Need.SPACE: lambda d: max(d.ranks) > 2,
    Need.CHANNELS: lambda d: d.fixed.get("channels") != 1,
    Need.ANY_SHAPE: lambda d: not d.fixes("shape", "channels"),
    Need.ANY_SIZE: lambda d: not d.fixes("shape"),
    Need.FEW_VALUES: _few_values,
    Need.EPS: _setting("eps", (GRID_EPS,)),
    Need.SCALED_EPS: _setting("eps", SCALED_EPS),
    Need.AFFINE: lambda d: d.affine_parameters != "none",
    Need.GAMMA: lambda d: d.has_gamma,
    Need.BETA: lambda d: d.has_beta,
    Need.BIASED: lambda d: not d.normalises_unbiased,
    Need.PLAIN: lambda d: d.is_plain,
    Need.WHOLE_BATCH: lambda d: d.virtual_batch is None,
    Need.DETERMINISTIC: lambda d: d.deterministic,
    Need.CUMULATIVE: lambda d: d.cumulative,
    Need.SINGLE_VALUE: lambda d: d.single_value != "undefined",
    Need.EMPTY: lambda d: d.empty != "undefined",
    Need.MOMENTUM: lambda d: not d.fixes("momentum"),
    Need.EXTREME_MOMENTUM: _setting("momentum", EXTREME_MOMENTUM),
    Need.REPLAYS: lambda d: not d.replays,
    Need.WIDE: _is_wide,
}
"""Whether a declaration allows what a property needs."""
