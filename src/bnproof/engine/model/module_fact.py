"""What was observed of a whole torch module, beside what is expected of it: plain data."""

from dataclasses import dataclass

from bnproof.engine.model.calls import Call
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Output


@dataclass(frozen=True, eq=False)
class Fact:
    """One thing that was observed, and what is expected.

    Attributes:
        what: in words, as "y of a deep copy".
        got: an array in the canonical layout, or a text.
        expected: likewise; None for the exact result of ``case``.
        demanded: whether another value is a violation; otherwise the report notes it.
        output: the result whose bound holds for the arrays; "" if they have to be equal.
        call: the call that the result is of.
        case: the case that the bound is of, None for the case that ran.
    """

    what: str
    got: Array | str
    expected: Array | str | None
    demanded: bool = True
    output: Output | None = None
    call: Call = "train"
    case: Case | None = None
