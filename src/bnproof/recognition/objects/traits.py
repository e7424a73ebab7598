"""What recognition has settled about an object, as attributes of the contract."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Traits:
    """The attributes of the contract that recognition has settled; see the contract."""

    dtypes: tuple[str, ...] = ("float64",)
    ranks: tuple[int, ...] = (2,)
    channel_axis: int = 1
    affine_parameters: str = "required"
    momentum_weighs: str = "new"
    cumulative: bool = False
    accuracy: str = "streaming"
    single_value: str | None = None
    activation: str = "none"
    activation_slope: float = 0.01
    residual: bool = False
    mask: bool = False
    virtual_batch: int | None = None
    virtual_batch_averages: str = "in turn"
    keeps_strides: bool | str = True
    fixed: dict[str, Any] = field(default_factory=dict)
    accepts: dict[str, tuple[float, float]] = field(default_factory=dict)
    parameter_dtypes: dict[str, str] = field(default_factory=dict)
    trains: bool = True
    infers: bool = True
    differentiates_twice: bool = False
