"""A target as it is written on a command line, taken apart without importing anything."""

from dataclasses import dataclass
from pathlib import Path

from bnproof.engine.wording.text import suggestion

WHOLE = "*"
"""In place of an attribute: the whole file, an exercise of a course."""

FORMS = "reference, module:attribute, file.py, file.py:attribute or file.py:forward,backward"
MOST = 3
"""Attributes of one target: forward, backward and evaluation."""


class TargetError(Exception):
    """The target cannot be loaded or used: the message has one or two lines for the user.

    Attributes:
        loaded: whether it was loaded and only then turned out not to be of the contract.
        reason: why it cannot be used, where the message begins with the target.
    """

    def __init__(self, message: str, *, loaded: bool = False, reason: str = "") -> None:
        super().__init__(message)
        self.loaded, self.reason = loaded, reason


def unusable(target: str, reason: object) -> TargetError:
    """The error of a target that was loaded and cannot be used.

    >>> str(unusable("bn.py:BN", "it has no method train"))
    'bn.py:BN cannot be used: it has no method train'
    """
    message = f"{target} cannot be used: {reason}"
    return TargetError(message, loaded=True, reason=str(reason))


@dataclass(frozen=True)
class Target:
    """Where a target is: a module or a file, and one dotted attribute or two or three functions.

    Attributes:
        text: as the user wrote it.
        place: dotted name of a module, or path of a file.
        is_file: which of the two.
        attributes: one; or forward and backward, perhaps with evaluation; "*" for all that is in a
            file; () for the one thing in a file that looks like a batch normalization.
        root: the folder that a file is imported from, "" where that is its own.
        module: the name that a file is imported by, "" where that is its own.
    """

    text: str
    place: str
    is_file: bool
    attributes: tuple[str, ...]
    root: str = ""
    module: str = ""

    @property
    def path(self) -> Path:
        """The file, for a target that is in one."""
        return Path(self.place).expanduser()

    def at(self, place: str) -> str:
        """The same target in a file that is written in another way.

        >>> parse("bn.py:forward,backward").at("src/bn.py"), parse("bn.py").at("src/bn.py")
        ('src/bn.py:forward,backward', 'src/bn.py')
        """
        return f"{place}:{','.join(self.attributes)}" if self.attributes else place


def parse(text: str) -> Target:
    """Take a target apart.

    Raises TargetError if it is of none of the forms.

    >>> parse("torch.nn:BatchNorm2d").place
    'torch.nn'
    >>> parse("bn.py:forward,backward").attributes
    ('forward', 'backward')
    >>> parse("bn.py").attributes
    ()
    """
    if text == "reference":
        return Target(text, "bnproof.reference", is_file=False, attributes=())
    if text.endswith(".py") and ":" not in Path(text).name:
        return Target(text, text, is_file=True, attributes=())
    place, colon, rest = text.rpartition(":")
    if not colon or not place:
        raise TargetError(_no_colon(text))
    attributes = tuple(part.strip() for part in rest.split(","))
    if attributes == (WHOLE,) and _is_file(place):
        return Target(text, place, is_file=True, attributes=attributes)
    names = [name for attribute in attributes for name in attribute.split(".")]
    if not all(name.isidentifier() for name in names):
        raise TargetError(f"{rest!r} in {text!r} is not an attribute; write {FORMS}")
    if len(attributes) > MOST:
        raise TargetError(
            f"{text!r} names {len(attributes)} attributes; expected at most {MOST}: "
            "forward,backward,evaluation"
        )
    return Target(text, place, is_file=_is_file(place), attributes=attributes)


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _no_colon(text: str) -> str:
    if _is_file(text):
        return f"{text!r} is not a Python file; write {text}:ATTRIBUTE for what is in a module"
    place, dot, last = text.rpartition(".")
    if dot:
        return f"{text!r} is not a target; write {place}:{last}"
    return f"{text!r} is not a target{suggestion(text, ['reference'])}; write {FORMS}"
