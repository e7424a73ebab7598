"""The calls of a case that results are judged of, a closed set, and the mode of each."""

from typing import Literal, TypeGuard, get_args

from bnproof.engine.model.names import Mode

TrainingCall = Literal["train", "train again", "train late", "train repeated", "train buffers"]
InferenceCall = Literal["infer", "infer late", "infer one"]
DoubleCall = Literal["double", "double late", "double-infer"]
Call = TrainingCall | InferenceCall | DoubleCall
"""What a case does: first calls, the same again, late (after other calls), and so on."""

TRAINING: tuple[TrainingCall, ...] = get_args(TrainingCall)
INFERENCE: tuple[InferenceCall, ...] = get_args(InferenceCall)

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


def is_judged(label: str) -> TypeGuard[Call]:
    """Whether results of a call are judged; calls with other data in between are not."""
    return label in MODE_OF


def is_double(call: str) -> bool:
    """Whether a call is one of double backward.

    >>> is_double("double-infer"), is_double("double late backward"), is_double("train")
    (True, True, False)
    """
    return call.removesuffix(BACKWARD) in get_args(DoubleCall)
