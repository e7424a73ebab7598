"""The parts of the exercise that are graded, each by itself."""

from dataclasses import dataclass

from bnproof.engine.model.calls import Call
from bnproof.engine.model.names import GRADIENTS, STATISTICS, Output
from bnproof.implementations.course_exercise import FUNCTIONS, Piece

FORWARD, BACKWARD, ALT, SPATIAL_FORWARD, SPATIAL_BACKWARD = FUNCTIONS


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        id: permanent, as "forward/train-output".
        function: that it is a part of.
        title: in a few words.
        piece: what is run for it.
        call: of the piece, "train" or "infer".
        outputs: the results that are judged.
        needs: id of the part without which this one cannot be graded, "" for none.
    """

    id: str
    function: str
    title: str
    piece: Piece
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


def _forward(family: str, function: str, backward: str) -> list[Part]:
    trained, tested = (Piece(mode, function, mode=mode) for mode in ("train", "test"))
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
            Piece("backward", function, backward),
            "train late",
            GRADIENTS,
            output,
        ),
    ]


def _backward(family: str, forward: str, needed: Part, function: str) -> list[Part]:
    piece = Piece(family, forward, function)
    return [
        Part(f"{family}/{name}", function, name, piece, "train", (name,), needed.id)
        for name in GRADIENTS
    ]


_PLAIN = _forward("forward", FORWARD, BACKWARD)
_SPATIAL = _forward("spatial-forward", SPATIAL_FORWARD, SPATIAL_BACKWARD)
PARTS = (
    *_PLAIN,
    *_backward("backward", FORWARD, _PLAIN[0], BACKWARD),
    *_backward("backward-alt", FORWARD, _PLAIN[0], ALT),
    *_SPATIAL,
    *_backward("spatial-backward", SPATIAL_FORWARD, _SPATIAL[0], SPATIAL_BACKWARD),
)
"""All parts, in the order of the exercise."""

BY_ID = {part.id: part for part in PARTS}
