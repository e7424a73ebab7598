"""A target as it is written on a command line, taken apart without importing anything."""

import difflib
from dataclasses import dataclass
from pathlib import Path

WHOLE = "*"
"""In place of an attribute: the whole file, an exercise of a course."""

FORMS = "reference, module:attribute, file.py:attribute or file.py:forward,backward"


class TargetError(Exception):
    """The target cannot be loaded or used: the message has one or two lines for the user.

    Attributes:
        loaded: whether it was loaded and only then turned out not to be of the contract.
    """

    def __init__(self, message: str, *, loaded: bool = False) -> None:
        super().__init__(message)
        self.loaded = loaded


@dataclass(frozen=True)
class Target:
    """Where a target is: a module or a file, and one dotted attribute or a pair of them.

    Attributes:
        text: as the user wrote it.
        place: dotted name of a module, or path of a file.
        is_file: which of the two.
        attributes: one, or forward and backward, or "*" for all that is in a file.
    """

    text: str
    place: str
    is_file: bool
    attributes: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file, for a target that is in one."""
        return Path(self.place).expanduser()


def parse(text: str) -> Target:
    """Take a target apart.

    Raises TargetError if it is of none of the forms.

    >>> parse("torch.nn:BatchNorm2d").place
    'torch.nn'
    >>> parse("bn.py:forward,backward").attributes
    ('forward', 'backward')
    """
    if text == "reference":
        return Target(text, "bnproof.reference", is_file=False, attributes=())
    place, colon, rest = text.rpartition(":")
    if not colon or not place:
        raise TargetError(_no_colon(text))
    attributes = tuple(part.strip() for part in rest.split(","))
    if attributes == (WHOLE,) and _is_file(place):
        return Target(text, place, is_file=True, attributes=attributes)
    names = [name for attribute in attributes for name in attribute.split(".")]
    if not all(name.isidentifier() for name in names):
        raise TargetError(f"{rest!r} in {text!r} is not an attribute; write {FORMS}")
    if len(attributes) > 2:
        raise TargetError(
            f"{text!r} names {len(attributes)} attributes; write one, or forward,backward"
        )
    return Target(text, place, is_file=_is_file(place), attributes=attributes)


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _no_colon(text: str) -> str:
    if _is_file(text):
        return f"{text!r} names no attribute; write {text}:ATTRIBUTE"
    place, dot, last = text.rpartition(".")
    if dot:
        return f"{text!r} is not a target; write {place}:{last}"
    return f"{text!r} is not a target{suggestion(text, ['reference'])}; write {FORMS}"


def suggestion(name: str, names: list[str]) -> str:
    """The closest of some names as a half sentence, or nothing.

    >>> suggestion("BatchNrom", ["BatchNorm", "relu"])
    ', did you mean BatchNorm?'
    """
    by_lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f", did you mean {by_lower[close[0]]}?" if close else ""
