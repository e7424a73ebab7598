"""The closed sets of what may be declared of conventions and limits."""

from typing import Literal, get_args

Weighed = Literal["new", "old"]
"""The term of the running average that momentum multiplies."""

Variance = Literal["biased", "unbiased"]

SingleValue = Literal["error", "beta", "undefined"]
"""What training does with one value per channel."""

EmptyBatch = Literal["error", "empty", "undefined"]
"""What training does with no value."""

AffineParameters = Literal["required", "optional", "gamma only", "beta only", "none"]
"""What an implementation takes of gamma and beta."""

KeepsStrides = bool | Literal["positive"]
"""Whether arrays are used where they lie in memory; "positive": where no stride is negative."""

AccuracyClass = Literal[
    "two-pass",
    "streaming",
    "one-pass",
    "low-precision statistics",
    "low-precision arithmetic",
]

ActivationName = Literal[
    "none",
    "relu",
    "leaky_relu",
    "relu6",
    "elu",
    "sigmoid",
    "tanh",
    "softplus",
    "silu",
    "gelu",
    "gelu_tanh",
    "mish",
    "hardswish",
]
"""What may be applied to y: elu with alpha 1, gelu with the error function or with tanh."""

Averaging = Literal["in turn", "together"]
"""How virtual batches move the running statistics: each in its turn, or their mean in one step."""

Setting = Literal["eps", "momentum"]
Fixable = Literal["eps", "momentum", "channels", "shape"]
"""What an implementation may have only one value of."""

LayerOption = Literal["dtype", "rank"]

CLASSES: tuple[AccuracyClass, ...] = get_args(AccuracyClass)
"""The accuracy classes, strongest first."""

ACTIVATIONS: tuple[ActivationName, ...] = get_args(ActivationName)
AVERAGING: tuple[Averaging, ...] = get_args(Averaging)
AFFINE: tuple[AffineParameters, ...] = get_args(AffineParameters)
FIXABLE: tuple[Fixable, ...] = get_args(Fixable)
