"""A case: the inputs and settings of one batch normalization, their memory, and the calls made.

Arrays of a case are in the canonical layout, C-ordered with the channels on axis 1; the channel
axis and the memory layout that the implementation sees are made when the case is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict, Unpack, get_args

import numpy as np

from bnproof.engine.model.demand import Demand
from bnproof.engine.model.formats import Array, name_of
from bnproof.engine.model.layouts import Place
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, Argument
from bnproof.engine.model.script import Action
from bnproof.engine.model.tag import Tag

SequencePlan = Literal[
    "second gradients",
    "two instances",
    "natural loop",
    "open contexts",
    "after errors",
    "owned results",
    "refilled again",
    "two threads",
    "large calls",
    "stacked layers",
]
"""Calls on several data sets, each of which is judged as a case of its own."""

Plan = (
    Literal[
        "full",
        "short",
        "error",
        "steps",
        "refill",
        "infer",
        "train",
        "gradients",
        "empty",
        "layer",
        "module",
    ]
    | SequencePlan
)
"""Which calls are made of a case."""

SEQUENCE_PLANS: tuple[SequencePlan, ...] = get_args(SequencePlan)
PLANS: tuple[Plan, ...] = (*get_args(get_args(Plan)[0]), *SEQUENCE_PLANS)

WHOLE_ARGUMENTS: tuple[Argument, ...] = ("x", "dy", "ddx")
"""The arguments with the shape of x."""

LIKE_X_ARGUMENTS: tuple[Argument, ...] = (*WHOLE_ARGUMENTS, "residual")
"""Those, and what a target may take beside them."""

DOUBLE_ARGUMENTS: tuple[Argument, ...] = ("ddx", "ddgamma", "ddbeta")
"""The arguments of double backward beside dy."""

ARRAYS: tuple[Argument, ...] = ("x", "dy", *CHANNEL_ARGUMENTS, *DOUBLE_ARGUMENTS)
"""All arrays of a case."""


EXTRAS: tuple[Argument, ...] = ("residual", "mask")
"""What a case may have beside its arrays, of targets that declare to take it."""


@dataclass(frozen=True, eq=False)
class Twin:
    """How a case was made from another: the relation between the two, and its parameters.

    Attributes:
        of: name of the other case.
        relation: its name (see `bnproof.engine.portfolio.relation`).
        how: parameters of the transformation, for instance {"order": permutation}.
    """

    of: str
    relation: str
    how: Mapping[str, Any] = field(default_factory=dict)


class Rest(TypedDict, total=False):
    """Fields of a case that have a default; see `Case`."""

    batches_seen: int
    layouts: Mapping[Argument, Place]
    steps: tuple[Array, ...]
    twin: Twin | None
    data_key: str
    script: tuple[Action, ...]
    demand: Demand | None
    ddx: Array | None
    ddgamma: Array | None
    ddbeta: Array | None
    residual: Array | None
    mask: Array | None


class Changes(Rest, total=False):
    """Fields of a case that are given anew; see `Case`."""

    name: str
    x: Array
    dy: Array
    gamma: Array | None
    beta: Array | None
    running_mean: Array
    running_var: Array
    eps: float
    momentum: float | None
    calls: Plan
    tags: frozenset[Tag]


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs, settings, memory layouts and calls of one batch normalization.

    Attributes:
        name: what the case is, unique within a portfolio.
        x, dy: (N, C, *spatial) in the storage dtype.
        gamma, beta: (C,) in the parameter dtype, or None where there are none.
        running_mean, running_var: (C,) in the parameter dtype.
        eps: added to the variance.
        momentum: in the implementation's own convention; None for the cumulative average.
        batches_seen: batches before this one, for the cumulative average only.
        layouts: name of the memory layout by argument (see `bnproof.engine.model.layouts`);
            an argument that is not named is C-contiguous.
        calls: the plan of calls (see `bnproof.engine.execution.plans`).
        tags: what the case is about, for the properties that need it.
        steps: further batches that the running statistics are carried through.
        twin: how this case was made from another one, for relations between two calls.
        data_key: cases with the same key have the same data, so that truth is formed once.
        script: what layers live through, () for the fixed script; for ``calls="layer"`` only.
        demand: what is tried on the whole module; for ``calls="module"`` only.
        ddx, ddgamma, ddbeta: what double backward is given, like x, gamma and beta; None where it
            is not called.
        residual: what is added to y before its activation, like x; None for zeros.
        mask: which values count, (N, *spatial) of bool; None for all.
    """

    name: str
    x: Array
    dy: Array
    gamma: Array | None
    beta: Array | None
    running_mean: Array
    running_var: Array
    eps: float
    momentum: float | None
    batches_seen: int = 0
    layouts: Mapping[Argument, Place] = field(default_factory=dict)
    calls: Plan = "full"
    tags: frozenset[Tag] = frozenset()
    steps: tuple[Array, ...] = ()
    twin: Twin | None = None
    data_key: str = ""
    script: tuple[Action, ...] = ()
    demand: Demand | None = None
    ddx: Array | None = None
    ddgamma: Array | None = None
    ddbeta: Array | None = None
    residual: Array | None = None
    mask: Array | None = None

    @property
    def dtype(self) -> str:
        """Name of the storage dtype."""
        return name_of(self.x.dtype)

    @property
    def parameter_dtype(self) -> str:
        """Name of the dtype of the statistics, gamma and beta."""
        return name_of(self.running_mean.dtype)

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return int(self.x.shape[1])

    @property
    def count(self) -> int:
        """Values per channel, N times the spatial size."""
        return int(self.x.size // max(1, self.channels))

    def with_(self, **changes: Unpack[Changes]) -> "Case":
        """A copy with some fields changed."""
        return replace(self, **changes)

    def with_arrays(self, arrays: Mapping[Argument, Array | None]) -> "Case":
        """A copy with some arrays changed."""
        return replace(self, **arrays)  # type: ignore[arg-type]  # no other fields are named so

    def describe(self) -> str:
        """One line: name, dtype, shape and settings."""
        shape = "x".join(map(str, self.x.shape))
        layouts = "".join(f", {k} {v}" for k, v in self.layouts.items())
        momentum = "cumulative" if self.momentum is None else f"momentum {self.momentum:g}"
        return f"{self.name}: {self.dtype} {shape}, eps {self.eps:g}, {momentum}{layouts}"


def columns(a: Array) -> Array:
    """(N, C, *spatial) as (N * spatial, C): one column per channel.

    >>> columns(np.arange(8).reshape(2, 2, 2)).tolist()
    [[0, 2], [1, 3], [4, 6], [5, 7]]
    """
    if a.ndim == 2:
        return a
    return a.transpose(0, *range(2, a.ndim), 1).reshape(-1, a.shape[1])


def from_columns(values: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `columns`, for an array of a shape (N, C, *spatial).

    >>> from_columns(np.array([[0, 2], [1, 3], [4, 6], [5, 7]]), (2, 2, 2)).ravel().tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    n, c, *spatial = shape
    return np.ascontiguousarray(np.moveaxis(values.reshape(n, *spatial, c), -1, 1))
