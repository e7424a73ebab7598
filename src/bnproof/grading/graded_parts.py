"""The parts of the exercise that are graded, each by itself."""

from dataclasses import dataclass

from bnproof.engine.model.calls import Call
from bnproof.engine.model.names import GRADIENTS, STATISTICS, Output
from bnproof.implementations.course_exercise import FUNCTIONS

FORWARD, BACKWARD, ALT, SPATIAL_FORWARD, SPATIAL_BACKWARD = FUNCTIONS


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        id: permanent, as "forward/train-output".
        function: that it is a part of.
        title: in a few words.
        piece: id of the piece that is run for it, see `bnproof.implementations.course_exercise`.
        call: of the piece, "train" or "infer".
        outputs: the results that are judged.
        needs: id of the part without which this one cannot be graded, "" for none.
    """

    id: str
    function: str
    title: str
    piece: str
    call: Call
    outputs: tuple[Output, ...]
    needs: str = ""

    @property
    def name(self) -> str:
        """The part of the id after the slash, the same in all functions of a kind."""
        return self.id.partition("/")[2]

    @property
    def spatial(self) -> bool:
        """Whether it belongs to a spatial function."""
        return self.function.startswith("spatial")


def _forward(prefix: str, function: str) -> list[Part]:
    piece = f"{prefix}forward"
    family = piece.replace("_", "-")
    trained, tested = f"{piece}, train", f"{piece}, test"
    output = f"{family}/train-output"
    return [
        Part(output, function, "out in train mode", trained, "train", ("y",)),
        Part(
            f"{family}/running-statistics",
            function,
            "running mean and variance",
            trained,
            "train",
            STATISTICS,
        ),
        Part(f"{family}/test-output", function, "out in test mode", tested, "infer", ("y",)),
        Part(
            f"{family}/cache",
            function,
            "cache, all that backward needs",
            f"{prefix}backward",
            "train late",
            GRADIENTS,
            output,
        ),
    ]


def _backward(prefix: str, piece: str, function: str) -> list[Part]:
    family = piece.replace("_", "-")
    needed = f"{prefix.replace('_', '-')}forward/train-output"
    return [
        Part(f"{family}/{name}", function, name, piece, "train", (name,), needed)
        for name in GRADIENTS
    ]


PARTS = (
    *_forward("", FORWARD),
    *_backward("", "backward", BACKWARD),
    *_backward("", "backward_alt", ALT),
    *_forward("spatial_", SPATIAL_FORWARD),
    *_backward("spatial_", "spatial_backward", SPATIAL_BACKWARD),
)
"""All parts, in the order of the exercise."""

BY_ID = {part.id: part for part in PARTS}
