"""The life of two layers of one implementation: a script of actions, fixed or searched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bnproof.engine.model.formats import Array

MANY = 260  # beyond 8 bits of a counter

ActionKind = Literal["train", "infer", "backward", "save", "load", "repeat", "single value"]
"""What can be done."""

KINDS: tuple[ActionKind, ...] = get_args(ActionKind)

BatchName = Literal["the batch", "another batch", "half the batch", "both batches", "one example"]

BATCHES: Mapping[BatchName, Callable[[Array], Array]] = {
    "the batch": lambda x: x,
    "another batch": lambda x: np.asarray(x[::-1] * x.dtype.type(0.5)),
    "half the batch": lambda x: x[: max(2, len(x) // 2)],
    "both batches": lambda x: np.concatenate([x, x[::-1] * x.dtype.type(0.5)]),
    "one example": lambda x: x[:1],
}
"""The batches that layers are given, made from one."""

TRAINED: tuple[BatchName, ...] = ("the batch", "another batch", "half the batch", "both batches")
"""Those that have two values per channel whatever the rank."""


@dataclass(frozen=True)
class Action:
    """One thing that is done to a layer.

    Attributes:
        kind: "train" and "infer" (with their backward), "backward" (of an earlier call, again),
            "save" and "load" (of a state), "repeat" (train and infer many times) or
            "single value" (train on one value per channel).
        layer: 0 or 1.
        batch: a name in `BATCHES`, for "train" and "infer".
        number: of the earlier call for "backward", of the saved state for "load", each counted
            from 0 in the order in which they were made; how many times for "repeat".
    """

    kind: ActionKind
    layer: int = 0
    batch: BatchName = "the batch"
    number: int = 0

    def describe(self) -> str:
        """The action in words.

        >>> Action("train", layer=1, batch="half the batch").describe()
        'the second layer trains on half the batch'
        """
        who = f"the {('first', 'second')[self.layer]} layer"
        words: dict[ActionKind, str] = {
            "train": f"{who} trains on {self.batch}",
            "infer": f"{who} evaluates {self.batch}",
            "backward": f"backward of call {self.number} again",
            "save": f"the state of {who} is saved",
            "load": f"{who} takes saved state {self.number}",
            "repeat": f"{who} trains {self.number} times",
            "single value": f"{who} trains on one value per channel",
        }
        return words[self.kind]


SCRIPT = (
    Action("train"),
    Action("save"),
    Action("train", layer=1, batch="another batch"),
    Action("backward"),
    Action("infer", batch="one example"),
    Action("train", batch="half the batch"),
    Action("backward"),
    Action("infer"),
    Action("load", layer=1),
    Action("backward", number=1),
    Action("infer", layer=1),
    Action("train", layer=1),
    Action("load"),
    Action("infer"),
    Action("repeat", number=MANY),
    Action("single value"),
)
"""The life that every layer leads: interleaved calls, save and load, many steps."""
