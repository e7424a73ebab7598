"""Exact constants of channels, rounded to double words, all of them at once."""

from collections.abc import Iterable, Sequence

import numpy as np

from bnproof.engine.truth import integers
from bnproof.engine.truth.double_words import Word, is_ordinary, rounded
from bnproof.engine.truth.integers import Exact, Ratio
from bnproof.engine.truth.once import once


class Constants:
    """Some constants of each channel, by name.

    >>> both = Constants(("mean", "var"), [((1, 2, 0), (3, 1, -2)), ((0, 1, 0), (1, 1, 0))])
    >>> both.exact("mean")[0].tolist(), both.exact("var")[0].tolist()
    ([0.5, 0.0], [0.75, 1.0])
    """

    def __init__(self, names: Sequence[str], channels: Iterable[Sequence[Ratio]]) -> None:
        parts = [[integers.rounded(ratio) for ratio in ratios] for ratios in channels]
        table = np.array(parts, np.float64).reshape(-1, len(names), 3).T.copy()
        self._place = {name: place for place, name in enumerate(names)}
        self._words = Word(table[0], table[1], table[2].astype(np.int64))

    @once
    def _plain(self) -> Exact:
        return rounded(self._words)

    @once
    def is_ordinary(self) -> bool:
        """Whether all of them may be used without exponents; one that underflows may not."""
        flushed = (self._plain[0] == 0) & (self._words.high != 0)
        return not flushed.any() and is_ordinary(self._plain[0])

    def exact(self, name: str) -> Exact:
        """One of them as (high, low)."""
        place = self._place[name]
        return self._plain[0][place], self._plain[1][place]

    def word(self, name: str, *, ordinary: bool) -> Word:
        """One of them as a word, without exponents where all that it meets is ordinary."""
        if ordinary:
            return Word(*self.exact(name))
        place, exponents = self._place[name], self._words.exponent
        assert exponents is not None  # noqa: S101  # told to the type checker
        return Word(self._words.high[place], np.asarray(self._words.low)[place], exponents[place])
