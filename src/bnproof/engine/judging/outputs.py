"""The outputs of a call, and their comparison with exact arithmetic."""

from collections.abc import Iterator

from bnproof.engine.judging.comparison import Comparison, of_judged
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.names import Output


def outputs(record: Record, *names: Output, call: Call = "train") -> Iterator[Judged]:
    """The judged outputs of a call, in the order asked for."""
    for name in names:
        judged = record.of(call, name)
        if judged is not None:
            yield judged


def agreement_of(record: Record, *names: Output, call: Call = "train") -> Iterator[Comparison]:
    """Compare outputs of a call with the truth, in the order asked for."""
    for judged in outputs(record, *names, call=call):
        yield of_judged(record, call, judged)
