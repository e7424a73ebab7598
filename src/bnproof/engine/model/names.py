"""The names of what goes into batch normalization and what comes out, each set defined once."""

from typing import Final, Literal, get_args

Mode = Literal["train", "infer"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

Method = Literal["train", "infer", "layer"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
"""The methods of the contract, each optional as long as there is a first call to make."""

Parameter = Literal["gamma", "beta"]
PARAMETERS: Final[tuple[Parameter, ...]] = get_args(Parameter)

Statistic = Literal["running_mean", "running_var"]
Argument = Literal[Parameter, Statistic, "x", "dy", "ddx", "ddgamma", "ddbeta", "residual", "mask"]
"""An array that a call is given, or its backward, or double backward."""

Output = Literal[
    "y",
    "dx",
    "dgamma",
    "dbeta",
    "dresidual",
    "running_mean",
    "running_var",
    "ddy",
    "double dx",
    "double dgamma",
]
"""Results of a call, of its backward and of double backward, as reports list them."""

STATISTICS: Final[tuple[Statistic, ...]] = get_args(Statistic)
GRADIENTS: Final[tuple[Output, ...]] = ("dx", "dgamma", "dbeta")

ADDED: Final[tuple[Output, ...]] = ("dresidual",)
"""The gradient of an added input, which backward returns after those where one is declared."""

DOUBLE: Final[tuple[Output, ...]] = ("ddy", "double dx", "double dgamma")
"""Results of double backward; its dx and dgamma are not those of backward."""

OUTPUTS: Final[tuple[Output, ...]] = ("y", *GRADIENTS, *ADDED, *STATISTICS)
"""All results of a call and its backward, as reports list them."""

FORWARD_RESULTS: Final[tuple[Output, ...]] = ("y", *STATISTICS)
"""What a training call and an inference call return before their backward, in this order."""

RESULTS: Final[tuple[Output, ...]] = (*FORWARD_RESULTS, *GRADIENTS, *ADDED)
"""All results of a call and its backward, in the order in which they come back."""

LIKE_X: Final[tuple[Output, ...]] = ("y", "dx")
"""Results of a call and its backward with the shape and dtype of x."""

CHANNEL_ARGUMENTS: Final[tuple[Argument, ...]] = (*PARAMETERS, *STATISTICS)
"""Arguments with one value per channel."""

CALL_ARGUMENTS: Final[tuple[str, ...]] = ("x", *CHANNEL_ARGUMENTS)
"""The arrays that a training call and an inference call take, in this order."""

STATISTICS_TOGETHER: Final = "statistics"
"""What an event names where both running statistics are concerned."""

ACCURACY = "accuracy"
"""The attribute of a target that declares its accuracy class."""
