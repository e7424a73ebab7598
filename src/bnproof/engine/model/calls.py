"""What the calls of a case are named, a closed set; which of them are judged, and the mode."""

from typing import Literal, TypeGuard, get_args

from bnproof.engine.model.names import Mode

TrainingCall = Literal["train", "train again", "train late", "train repeated", "train buffers"]
InferenceCall = Literal["infer", "infer late", "infer one"]
DoubleCall = Literal["double", "double late", "double-infer"]
Call = TrainingCall | InferenceCall | DoubleCall
"""What a case does: first calls, the same again, late (after other calls), and so on."""

LayerCall = Literal[
    "layer",
    "layer train",
    "layer infer",
    "layer backward",
    "backward after load",
    "state",
    "load",
]
"""The calls that a layer's life consists of; their results are judged as those of a `Call`."""

UnjudgedCall = Literal["other", "step", "steps", "infer buffers", "module"]
"""Calls with other data in between, the steps of an average and where it ends, buffers, modules."""

Label = Call | LayerCall | UnjudgedCall | Literal["case", "later"]
"""Where something came from: a call, the case as a whole, or what ran after it."""

TRAINING: tuple[TrainingCall, ...] = get_args(TrainingCall)
INFERENCE: tuple[InferenceCall, ...] = get_args(InferenceCall)
DOUBLE_CALLS: tuple[DoubleCall, ...] = get_args(DoubleCall)

OF_LAYER: tuple[LayerCall, ...] = ("layer", "layer train", "layer infer", "layer backward")
"""The calls of layers that train, evaluate and go back, beside those on their state."""

MODE_OF: dict[Call, Mode] = {
    **dict.fromkeys((*TRAINING, "double", "double late"), "train"),
    **dict.fromkeys((*INFERENCE, "double-infer"), "infer"),
}
"""The mode of each call whose results are judged."""

FIRST: dict[Call, Call] = {
    **dict.fromkeys(TRAINING, "train"),
    **dict.fromkeys(INFERENCE, "infer"),
    "double": "double",
    "double late": "double",
    "double-infer": "double-infer",
}
"""The call that a call repeats, itself for first calls."""

BACKWARD = " backward"
"""What follows the name of a call in the name of its backward pass."""


def called(label: Label, *, backward: bool = False) -> str:
    """A call, or its backward pass, in words.

    >>> called("train late", backward=True)
    'train late backward'
    """
    return f"{label}{BACKWARD}" if backward else label


def trial_of(demand: str) -> str:
    """What is tried on a whole module, as the call that is under way.

    >>> trial_of("pickle")
    'module: pickle'
    """
    return f"module: {demand}"


def is_judged(label: object) -> TypeGuard[Call]:
    """Whether results of a call are judged; calls with other data in between are not."""
    return label in MODE_OF


def is_part_of(label: Label, call: Label) -> bool:
    """Whether a call is another one, or repeats it, or belongs to the life of a layer.

    >>> is_part_of("train late", "train"), is_part_of("layer train", "layer")
    (True, True)
    """
    if label == call:
        return True
    if call == "layer":
        return label in OF_LAYER
    return is_judged(label) and FIRST[label] == call


def is_double(text: str) -> bool:
    """Whether a call in words is one of double backward.

    >>> is_double("double-infer"), is_double("double late backward"), is_double("train")
    (True, True, False)
    """
    return text.removesuffix(BACKWARD) in DOUBLE_CALLS
