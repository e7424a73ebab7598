"""What a forward method takes beside x: an input that is added to y, and a mask of what counts.

A name is a first guess, and behaviour decides: an added input r makes z + r of z, before the
activation; with a mask y depends on no x that does not count.  What is neither keeps its default.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.recognition.aliases import plain
from bnproof.recognition.objects.arrays import Arrays

_ADDED = re.compile(
    r"(x_)?(residuals?|res|add|added|addend|add_?input|short_?cut|skip|identity|id|other|z|bypass|"
    r"branch|y|x2)(_?(x|input|tensor|path|connection))?"
)
_MASK = re.compile(r".*mask|valid|keep|is_valid|m")
_PADS = re.compile(r"(.*_)?pad(ding|ded)?(_.*)?|.*ignore.*|invalid")


@dataclass(frozen=True)
class ExtraInput:
    """A parameter of forward beside x.

    Attributes:
        name: of the parameter.
        is_mask: a mask, not an added input.
        required: whether it has no default.
        inverted: of a mask: True where a value does not count.
        channel_axis: of a mask: whether it has one, of length 1.
        floating: of a mask: 1.0 and 0.0 in place of True and False.
        known: whether behaviour has shown what it is; until then it stays at its default.
    """

    name: str
    is_mask: bool
    required: bool
    inverted: bool = False
    channel_axis: bool = False
    floating: bool = False
    known: bool = False

    def value(self, given: Any, x: Any, arrays: Arrays) -> Any:
        """What the parameter is given for a call with x; None for its default."""
        if not self.is_mask:
            added = given is not None or self.required or self.known
            return arrays.like(given, x) if added else None
        if given is None:
            if not self.required:
                return None
            given = np.ones((x.shape[0], *x.shape[2:]), bool)
        return arrays.mask(
            given, x, inverted=self.inverted, axis=self.channel_axis, floating=self.floating
        )


def extra_input(name: str, *, required: bool) -> ExtraInput | None:
    """What a parameter beside x may be by its name, None where that says nothing.

    >>> extra_input("pad_mask", required=False).inverted
    True
    """
    text = plain(name)
    if _MASK.fullmatch(text) or _PADS.fullmatch(text):
        return ExtraInput(name, True, required, inverted=bool(_PADS.fullmatch(text)))
    return ExtraInput(name, False, required) if _ADDED.fullmatch(text) else None


def forms(mask: ExtraInput) -> Iterator[ExtraInput]:
    """The forms that a mask may have, the likeliest first."""
    for floating in (False, True):
        for channel_axis in (False, True):
            for inverted in (mask.inverted, not mask.inverted):
                yield replace(mask, inverted=inverted, channel_axis=channel_axis, floating=floating)
