"""The life of layers of one implementation: a script of actions, fixed or searched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import Layout

MANY = 260  # beyond 8 bits of a counter

MOST_LAYERS = 16
"""So many layers live at once, at most."""

ActionKind = Literal[
    "train",
    "infer",
    "backward",
    "save",
    "load",
    "repeat",
    "single value",
    "make",
    "train by sizes",
    "evaluate by sizes",
]
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
            "save" and "load" (of a state), "repeat" (train and infer many times),
            "single value" (train on one value per channel), "make" (another layer),
            "train by sizes" and "evaluate by sizes" (many times, each with another batch size).
        layer: from 0; two are there from the start, "make" gives the next.
        batch: a name in `BATCHES`, for "train" and "infer".
        number: of the earlier call for "backward", of the saved state for "load", each counted
            from 0 in the order in which they were made; how many times for "repeat" and by sizes;
            how many channels for "make".
        size: examples of the batch, which are taken again from the first if they do not suffice;
            0 for as many as it has.
        layout: of x in memory.
        rank: of the batch, 0 for that of the data; layers may refuse another one.
        waits: whether backward is left for a later action.
    """

    kind: ActionKind
    layer: int = 0
    batch: BatchName = "the batch"
    number: int = 0
    size: int = 0
    layout: Layout = "C"
    rank: int = 0
    waits: bool = False

    def describe(self) -> str:
        """The action in words.

        >>> Action("train", layer=1, batch="half the batch").describe()
        'the second layer trains on half the batch'
        >>> Action("infer", layer=4, size=7, layout="Fortran").describe()
        'layer 5 evaluates 7 examples of the batch in Fortran layout'
        """
        who = WHO.get(self.layer, f"layer {self.layer + 1}")
        what = f"{self.size} examples of {self.batch}" if self.size else self.batch
        what += f" in rank {self.rank}" if self.rank else ""
        what += "" if self.layout == "C" else f" in {self.layout} layout"
        what += ", its backward waits" if self.waits else ""
        words: dict[ActionKind, str] = {
            "train": f"{who} trains on {what}",
            "infer": f"{who} evaluates {what}",
            "backward": f"backward of call {self.number} again",
            "save": f"the state of {who} is saved",
            "load": f"{who} takes saved state {self.number}",
            "repeat": f"{who} trains {self.number} times",
            "single value": f"{who} trains on one value per channel",
            "make": f"{who} is made, with {self.number} channels",
            "train by sizes": f"{who} trains {self.number} times on batches of changing size",
            "evaluate by sizes": f"{who} evaluates {self.number} batches of changing size",
        }
        return words[self.kind]

    def examples(self, x: Array) -> Array:
        """The batch that a layer is given, out of x."""
        batch = BATCHES[self.batch](x)
        return batch[np.arange(self.size) % len(batch)] if self.size else batch


WHO = {0: "the first layer", 1: "the second layer"}


def size_of_step(number: int, most: int) -> int:
    """How many examples step ``number`` has, from 2 to ``most``: growing, shrinking, and 2 again.

    >>> [size_of_step(number, 12) for number in range(12)]
    [2, 9, 5, 12, 8, 4, 11, 7, 3, 10, 6, 2]
    """
    return 2 + number * 7 % max(1, most - 1)


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
    Action("infer", batch="half the batch"),
)
"""The life that every layer leads: interleaved calls, save and load, many steps."""
