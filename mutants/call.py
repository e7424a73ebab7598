"""What one call was given, and what its steps have formed so far."""

from dataclasses import dataclass, field

import numpy as np

from bnproof.reference.checks import Array


@dataclass
class Call:
    """One call of training or inference, a row per channel.

    Attributes:
        x: as it was given.
        given: gamma and beta as they were given.
        running_mean, running_var: as they were given, (C,).
        eps, momentum, batches_seen: the settings; momentum is None in inference.
        training: whether it is a training call.
        channel_axis: of x, 1 or -1.
        rows: x as (C, m), float32 or float64.
        gamma, beta: (C, 1), in the dtype of rows.
        mean, var, inv_std: formed by the steps of those names; broadcastable to rows.
        xhat: likewise, (C, m).
    """

    x: Array
    given: tuple[Array | None, Array | None]
    running_mean: Array
    running_var: Array
    eps: float
    momentum: float | None = None
    batches_seen: int = 0
    training: bool = True
    channel_axis: int = 1
    rows: Array = field(init=False)
    gamma: Array = field(init=False)
    beta: Array = field(init=False)
    mean: Array = field(init=False)
    var: Array = field(init=False)
    inv_std: Array = field(init=False)
    xhat: Array = field(init=False)

    @property
    def m(self) -> int:
        """The number of values per channel."""
        return int(self.rows.shape[1])

    @property
    def spatial(self) -> tuple[int, ...]:
        """The sizes of the spatial axes, () in rank 2."""
        return self.x.shape[2:] if self.channel_axis == 1 else self.x.shape[1:-1]

    @property
    def examples(self) -> int:
        """The number of examples, N."""
        return len(self.x)

    def stored(self, values: Array) -> Array:
        """A statistic as a column in the dtype of rows."""
        return values.astype(self.rows.dtype)[:, np.newaxis]
