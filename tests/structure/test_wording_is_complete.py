"""Every kind of event has its sentence."""

from bnproof.engine.model.event import EventKind
from bnproof.engine.wording import events


def test_every_kind_of_event_has_a_sentence() -> None:
    """Catches a kind that is added without a sentence, which a report would end with."""
    assert {*events._SENTENCES} == {*EventKind}
