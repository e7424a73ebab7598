"""What a property needs an implementation to allow, and why an implementation does not."""

import math
from collections.abc import Callable
from enum import StrEnum

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.formats import FORMATS


class Need(StrEnum):
    """What a declaration has to allow."""

    TRAIN = "train"
    INFER = "infer"
    LAYER = "layer"
    SPACE = "space"
    CHANNELS = "channels"
    ANY_SHAPE = "any shape"
    ANY_SIZE = "any size"
    FEW_VALUES = "few values"
    EPS = "eps"
    SCALED_EPS = "scaled eps"
    AFFINE = "affine"
    GAMMA = "gamma"
    BETA = "beta"
    BIASED = "biased"
    DETERMINISTIC = "deterministic"
    CUMULATIVE = "cumulative"
    SINGLE_VALUE = "single value"
    EMPTY = "empty"
    STRIDES = "strides"
    MOMENTUM = "momentum"
    EXTREME_MOMENTUM = "extreme momentum"
    REPLAYS = "replays"
    WIDE = "wide"


def _method(name: str) -> Callable[[Declaration], str]:
    def need(declaration: Declaration) -> str:
        offered = name in declaration.methods or "layer" in declaration.methods
        return "" if offered else f"{name} is not offered"

    return need


def _fixed_shape(declaration: Declaration, names: tuple[str, ...]) -> str:
    """Why a property needs other shapes than the one, "" if they can be varied."""
    fixed = next((name for name in names if name in declaration.fixed), "")
    if not fixed:
        return ""
    return f"needs other shapes; this target fixes {fixed} = {declaration.fixed[fixed]}"


def _setting(name: str, values: tuple[float, ...], what: str) -> Callable[[Declaration], str]:
    """A need for one of some values of eps or momentum."""

    def need(declaration: Declaration) -> str:
        if any(declaration.allows(name, value) for value in values):
            return ""
        if name in declaration.fixed:
            return f"needs {what}; this target fixes {name} = {declaration.fixed[name]:g}"
        low, high = declaration.accepts[name]
        return f"needs {what}; this target accepts {name} from {low:g} to {high:g}"

    return need


def _several_channels(declaration: Declaration) -> str:
    one = declaration.fixed.get("channels") == 1
    return "needs several channels; this target fixes channels = 1" if one else ""


def _few_values(declaration: Declaration) -> str:
    shape = declaration.fixed.get("shape")
    if shape is None or math.prod(shape) // _channels_of(declaration, shape) <= FEW:
        return ""
    return f"needs at most {FEW} values per channel; this target fixes shape = {shape}"


def _channels_of(declaration: Declaration, shape: tuple[int, ...]) -> int:
    return shape[1] if declaration.channel_axis == 1 else shape[-1]


def _wide(declaration: Declaration) -> str:
    coarse = all(FORMATS[dtype].is_16_bit for dtype in declaration.dtypes)
    return "needs float32 or float64; a slope cannot be measured in 16 bits" if coarse else ""


FEW = 8
"""Values per channel with which both estimators of the variance are far apart."""

GRID_EPS = 0.5
"""The eps for which the data of relations between two calls is made."""

SCALED_EPS = tuple(GRID_EPS * 4.0**power for power in (-2, 1, 3))
"""Those of the same data scaled by powers of two."""

NEEDS: dict[Need, Callable[[Declaration], str]] = {
    Need.TRAIN: _method("train"),
    Need.INFER: _method("infer"),
    Need.LAYER: lambda d: "" if "layer" in d.methods else "layer is not offered",
    Need.SPACE: lambda d: (
        "" if max(d.ranks) > 2 else "needs a rank above 2; this target takes rank 2 only"
    ),
    Need.CHANNELS: _several_channels,
    Need.ANY_SHAPE: lambda d: _fixed_shape(d, ("shape", "channels")),
    Need.ANY_SIZE: lambda d: _fixed_shape(d, ("shape",)),
    Need.FEW_VALUES: _few_values,
    Need.EPS: _setting("eps", (GRID_EPS,), "a variable eps"),
    Need.SCALED_EPS: _setting("eps", SCALED_EPS, "a variable eps"),
    Need.AFFINE: lambda d: (
        "needs gamma and beta; this target has none" if d.affine_parameters == "none" else ""
    ),
    Need.GAMMA: lambda d: "" if d.has_gamma else "needs gamma; this target has none",
    Need.BETA: lambda d: "" if d.has_beta else "needs beta; this target has none",
    Need.BIASED: lambda d: (
        "needs a normalisation that does not depend on N; this target multiplies the variance by "
        "N / (N - 1)"
        if d.normalises_unbiased
        else ""
    ),
    Need.DETERMINISTIC: lambda d: (
        "" if d.deterministic else "needs deterministic results; this target declares others"
    ),
    Need.CUMULATIVE: lambda d: (
        "" if d.cumulative else "needs momentum = None; this target does not declare cumulative"
    ),
    Need.SINGLE_VALUE: lambda d: (
        "needs one value per channel; its effect is undefined in this target"
        if d.single_value == "undefined"
        else ""
    ),
    Need.EMPTY: lambda d: (
        "needs an empty batch; its effect is undefined in this target"
        if d.empty == "undefined"
        else ""
    ),
    Need.STRIDES: lambda d: (
        "needs strided arrays; this target declares keeps_strides = False"
        if d.keeps_strides is False
        else ""
    ),
    Need.MOMENTUM: lambda d: (
        f"needs a variable momentum; this target fixes momentum = {d.fixed['momentum']:g}"
        if "momentum" in d.fixed
        else ""
    ),
    Need.EXTREME_MOMENTUM: _setting("momentum", (0.0, 1.0), "momentum 0 or 1"),
    Need.REPLAYS: lambda d: (
        "needs calls between forward and backward; this target declares replays = True"
        if d.replays
        else ""
    ),
    Need.WIDE: _wide,
}
"""What a declaration has to allow, by need: why it does not, "" if it does."""
