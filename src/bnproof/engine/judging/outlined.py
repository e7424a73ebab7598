"""Judged outputs of large cases without their elements: little is asked of them later.

A check keeps the records of all cases to its end, and truth, error and bound of an element take
some hundred bytes.  An outline keeps the result itself and the largest ratios; the rest is formed
again where it is asked for, as for the rows of a failure.
"""

from collections.abc import Callable, Mapping
from functools import partial

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds import Arithmetic
from bnproof.engine.truth.bounds.expected import Expected
from bnproof.engine.truth.integers import Exact

LARGE = 2**14
"""Elements of x from which a case is outlined."""

Form = Callable[[], Judged]


class Outlined(Judged):
    """A judged output whose truth, error and bound are formed each time they are asked for."""

    def __init__(self, judged: Judged, subject: Expected, form: Form) -> None:
        vars(self).update(
            output=judged.output,
            got=judged.got,
            worst=judged.worst,
            worst_by_channel=judged.worst_by_channel,
            worst_index=judged.worst_index,
            not_judged=judged.not_judged,
            by_class={},
            subject=subject,
            form=form,
        )

    def in_full(self) -> Judged:
        """The judged output with all its elements."""
        made: Judged = vars(self)["form"]()
        vars(self)["subject"].lighten()
        return made

    def kept(self, form: Form) -> Judged:
        """An outline of what is formed like this."""
        made = Outlined(form(), vars(self)["subject"], form)
        vars(self)["subject"].lighten()
        return made

    @property
    def truth(self) -> Exact:
        """(high, low)."""
        return self.in_full().truth

    @property
    def error(self) -> Array:
        """|got - truth|."""
        return self.in_full().error

    @property
    def bound(self) -> Array:
        """The bound, as columns."""
        return self.in_full().bound

    @property
    def ratios(self) -> Array:
        """error / bound."""
        return self.in_full().ratios


Again = Callable[[Expected, Judged, bool], Judged]
"""Judges an output again; the last argument tells whether the result is of all rows."""


def outline(
    record: Record, classes: Mapping[AccuracyClass, Arithmetic], judged_again: Again
) -> None:
    """Outline the outputs of a record that have the shape of x, if they are large."""
    if record.case.x.size < LARGE:
        return
    made: dict[int, Judged] = {}
    for call, outputs in record.judged.items():
        for name, judged in outputs.items():
            if name in WHOLE:
                if id(judged) not in made:
                    made[id(judged)] = _outlined(record, call, judged, classes, judged_again)
                outputs[name] = made[id(judged)]
    for subject in record.subjects.values():
        subject.lighten()


def _outlined(
    record: Record,
    call: Call,
    judged: Judged,
    classes: Mapping[AccuracyClass, Arithmetic],
    judged_again: Again,
) -> Judged:
    """The outline of an output, and of what other classes made of it."""
    subject = record.expected_of(call)
    made = Outlined(judged, subject, lambda: judged_again(subject, made, call != "infer one"))
    for name, other in judged.by_class.items():
        form = partial(record.formed_under, classes[name], call, made)
        made.by_class[name] = Outlined(other, subject, form)
    return made
