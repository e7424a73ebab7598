"""Exact outputs by name: formed when they are asked for, whole or for some of the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.blocks import BLOCK, row_blocks
from bnproof.engine.truth.integers import Exact, Ratio, fraction
from bnproof.engine.truth.lazily import Lazily
from bnproof.engine.truth.once import once


@dataclass(eq=False)
class Truth:
    """Exact outputs, by name, each formed when it is first asked for.

    A channel with a non-finite input, or with var + eps = 0, is NaN throughout, and so is one with
    a single value where training normalises by the unbiased variance.

    Attributes:
        per_channel: forms of (high, low) of mean, var, inv_std, dgamma, dbeta: (C,).
        per_element: forms of (high, low) of y and dx: (N, C), for some of the rows.
        shape: (N, C).
        ratios: exact (mean, var) of each channel, None where undefined.
    """

    per_channel: Mapping[str, Callable[[], Exact]]
    per_element: Mapping[str, Callable[[slice], Exact]]
    shape: tuple[int, int]
    ratios: Sequence[tuple[Ratio, Ratio] | None] = ()

    @once
    def values(self) -> Mapping[str, Exact]:
        """The (high, low) of each output."""
        whole = {
            name: partial(_in_blocks, form, self.shape) for name, form in self.per_element.items()
        }
        return Lazily({**self.per_channel, **whole})

    def lighten(self) -> None:
        """Forget the elements that were formed."""
        vars(self).pop("values", None)

    @once
    def statistics(self) -> tuple[tuple[Fraction, Fraction] | None, ...]:
        """Exact (mean, var) of each channel as fractions, None where undefined."""
        return tuple(
            None if pair is None else (fraction(pair[0]), fraction(pair[1])) for pair in self.ratios
        )

    @property
    def _found(self) -> Mapping[str, Callable[[], Exact]]:
        """Forms of what belongs to a channel, which is formed here if it was not yet."""
        return {name: partial(self.values.__getitem__, name) for name in self.per_channel}

    def beside(self, *others: "Truth", **per_channel: Callable[[], Exact]) -> "Truth":
        """The same with the outputs of others, which replace those of the same name, and more."""
        channel: dict[str, Callable[[], Exact]] = dict(self._found)
        element = dict(self.per_element)
        for other in others:
            channel.update(other.per_channel)
            element |= other.per_element
        return Truth(channel | per_channel, element, self.shape, self.ratios)

    def channels(self, place: Array | slice) -> "Truth":
        """The truth of some of the channels, any number of times: slices, or their numbers."""
        numbers = np.arange(self.shape[1])[place]
        return Truth(
            {name: partial(_picked, form, place) for name, form in self._found.items()},
            {name: partial(_some_rows, self, name, place) for name in self.per_element},
            (self.shape[0], len(numbers)),
            [self.ratios[number] for number in numbers] if self.ratios else (),
        )

    def repeated(self, place: Array) -> "Truth":
        """The truth of rows that repeat: ``place`` tells which of these each one is."""
        some = {name: partial(_at, self, name, place) for name in self.per_element}
        return Truth(self._found, some, (len(place), self.shape[1]), self.ratios)

    def rows(self, rows: slice) -> "Truth":
        """The truth of some of the rows; what belongs to a channel is that of all rows."""
        some = {name: partial(_within, form, rows) for name, form in self.per_element.items()}
        return Truth(self._found, some, (rows.stop - rows.start, self.shape[1]), self.ratios)


def _some_rows(whole: Truth, name: str, place: Array | slice, rows: slice) -> Exact:
    """Some rows of what is formed whole, as it is asked for by others as well."""
    high, low = whole.values[name]
    return high[rows][..., place], low[rows][..., place]


def _at(few: Truth, name: str, place: Array, rows: slice) -> Exact:
    """Some rows of those that repeat."""
    high, low = few.values[name]
    return high[place[rows]], low[place[rows]]


def _picked(form: Callable[..., Exact], place: Array | slice, *rows: slice) -> Exact:
    high, low = form(*rows)
    return high[..., place], low[..., place]


def _within(form: Callable[[slice], Exact], outer: slice, rows: slice) -> Exact:
    return form(slice(outer.start + rows.start, outer.start + rows.stop))


def _in_blocks(form: Callable[[slice], Exact], shape: tuple[int, int]) -> Exact:
    """All rows of a form, a block at a time."""
    if shape[0] * shape[1] <= BLOCK:
        return form(slice(0, shape[0]))
    high, low = np.empty(shape), np.empty(shape)
    for rows in row_blocks(*shape):
        high[rows], low[rows] = form(rows)
    return high, low
