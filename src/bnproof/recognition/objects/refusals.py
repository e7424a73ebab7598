"""What the user's code raised, in one line with the line of the user's file, or as an error."""

from collections.abc import Sequence
from dataclasses import dataclass

from bnproof.recognition.errors import Unusable
from bnproof.recognition.exceptions import Raised, in_words, where


@dataclass(frozen=True)
class Refusal:
    """One thing that was tried with an object, and what the user's code raised.

    Attributes:
        what: what was tried, with the verb, as "training on x of shape (7, 3) raised".
        raised: the exception and its line.
        made: whether the object could be made.
    """

    what: str
    raised: Raised
    made: bool = True


def unusable(refusals: Sequence[Refusal]) -> Unusable:
    """The error for a target of which nothing works: the first refusal of the furthest attempt."""
    called = [refusal for refusal in refusals if refusal.made]
    first = (called or refusals)[0]
    others = len({refusal.what for refusal in called} - {first.what})
    more = f" ({others} other shapes failed as well)" if others else ""
    advice = "" if called else "; name a factory make(channels, eps, momentum) instead"
    return Unusable(f"{first.what} {first.raised.text}{more}{advice}", first.raised.where)


def told(error: BaseException) -> str:
    """An exception and where it came from.

    >>> told(ValueError("eps must be positive"))
    'ValueError: eps must be positive'
    """
    line = where(error)
    return f"{in_words(error)} ({line})" if line else in_words(error)
