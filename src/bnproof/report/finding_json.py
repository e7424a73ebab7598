"""What a violation found beside numbers, as JSON: the field ``finding`` of saved reports."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any, get_args

from bnproof.engine.model.event import Aspect, EarlyEnd, Event, EventKind
from bnproof.engine.model.verdict import Ending

ENDINGS: tuple[Ending, ...] = get_args(Ending)


def finding_to_json(finding: Event | EarlyEnd) -> dict[str, Any]:
    """The fields of a finding that say something.

    >>> finding_to_json(Event(EventKind.RAISED, "train", "train", actual="KeyError"))
    {'kind': 'raised', 'call': 'train', 'argument': 'train', 'actual': 'KeyError'}
    """
    defaults = {field.name: field.default for field in fields(finding)}
    told = {name: value for name, value in asdict(finding).items() if value != defaults[name]}
    return {n: value.value if isinstance(value, StrEnum) else value for n, value in told.items()}


def finding_from_json(made: Mapping[str, Any]) -> Event | EarlyEnd:
    """The finding that was written so.

    >>> finding_from_json({"kind": "no-error", "call": "train"}).kind
    <EventKind.NO_ERROR: 'no-error'>
    """
    values = dict(made)
    kind = values.pop("kind")
    if kind in ENDINGS:
        return EarlyEnd(kind, **_of(EarlyEnd, values))
    aspect = Aspect(values.pop("aspect", Aspect.NONE))
    texts = {"call": "", "argument": "", **_of(Event, values)}
    return Event(EventKind(kind), aspect=aspect, **texts)


def _of(kind: type[Event | EarlyEnd], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are fields of a kind of finding; the schema allows those of both."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
