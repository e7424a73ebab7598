"""Results of earlier calls, kept to see whether they change."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bnproof.engine.model.formats import Array

COPIED = 2**14
"""Bytes up to which the contents of a result are kept; of larger ones a digest is."""

REMEMBERED = 12
"""Earlier results that are looked at again after each case."""
REMEMBERED_BYTES = 2**22
"""Bytes that they take in all."""


@dataclass(frozen=True)
class Kept:
    """A result of an earlier call, as the implementation returned it, and what it held.

    ``before`` are its bytes, or their digest; `now` forms the shorter of the two.
    """

    name: str
    of: str
    live: Array
    before: bytes

    @classmethod
    def now(cls, name: str, of: str, live: Array) -> "Kept":
        """A result as it is now.

        >>> Kept.now("y", "train", np.zeros(2)).is_unchanged
        True
        """
        return cls(name, of, live, contents(live))

    @property
    def is_unchanged(self) -> bool:
        """Whether it is what it was.

        >>> large = np.zeros(10**6)
        >>> Kept("y", "train", large, large.tobytes()).is_unchanged
        True
        """
        whole = len(self.before) == self.live.nbytes
        return (self.live.tobytes() if whole else contents(self.live)) == self.before


def contents(a: Array) -> bytes:
    """The bytes of an array, or a digest of them if they are many.

    >>> len(contents(np.zeros(2))), len(contents(np.zeros(10**6)))
    (16, 16)
    """
    if a.nbytes <= COPIED or a.dtype.hasobject:
        return a.tobytes()
    plain = np.ascontiguousarray(a).view(np.ndarray).reshape(-1)
    return blake2b(plain.view(np.uint8).data, digest_size=16).digest()


def latest(kept: Iterable[tuple[Kept, str]]) -> list[tuple[Kept, str]]:
    """As many of the last results as are remembered, in their order."""
    chosen: list[tuple[Kept, str]] = []
    room = REMEMBERED_BYTES
    for each in [*kept][-REMEMBERED:][::-1]:
        if each[0].live.nbytes <= room:
            room -= each[0].live.nbytes
            chosen.append(each)
    return chosen[::-1]
