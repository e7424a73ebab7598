"""The names of what goes in and comes out: one definition of each closed set."""

from typing import Literal

Gradient = Literal["dx", "dgamma", "dbeta"]
Statistic = Literal["running_mean", "running_var"]
Output = Literal["y", "running_mean", "running_var", "dx", "dgamma", "dbeta", "ddy"]
Mode = Literal["train", "infer"]

GRADIENTS: tuple[Gradient, ...] = ("dx", "dgamma", "dbeta")
STATISTICS: tuple[Statistic, ...] = ("running_mean", "running_var")

STATISTICS_TOGETHER = "statistics"
"""What an event names where both running statistics are concerned."""
