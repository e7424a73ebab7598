"""Views that are misread: crops, every second row, flips, and slices of channels-last memory."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts
from bnproof.reference.checks import Array

FORWARD = ("forward/agreement", "forward/strides")
BACKWARD = ("backward/agreement", "forward/strides")
STRIDES = "Use the stride of each axis."


def steps(a: Array) -> tuple[int, ...]:
    """Strides in elements, 0 of axes with one place, on which they say nothing."""
    return tuple(s // a.itemsize if n > 1 else 0 for s, n in zip(a.strides, a.shape, strict=True))


def packed(a: Array, order: tuple[int, ...]) -> Array:
    """The elements from the first one on, as if nothing lay between them, outermost axis first."""
    strides, step = [0] * a.ndim, a.itemsize
    for axis in reversed(order):
        strides[axis] = step
        step *= a.shape[axis]
    return as_strided(a, a.shape, strides)


def channels_last(a: Array) -> bool:
    """Whether an array of planes has its channels side by side."""
    return a.ndim == 4 and min(a.shape) > 1 and steps(a)[1] == 1


def sequences_last(a: Array) -> bool:
    """The same of sequences."""
    return a.ndim == 3 and min(a.shape) > 1 and steps(a)[1] == 1


@mutant(
    "views/slice-of-channels",
    "A slice of the channels of channels-last memory is read as if no others lay between.",
    STRIDES,
    caught_by=FORWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _SliceOfChannels(Parts):
    def read(self, call: Call, x: Array) -> Array:
        sliced = channels_last(x) and steps(x)[3] > x.shape[1]
        sliced = sliced and steps(x)[2] == x.shape[3] * steps(x)[3]
        return super().read(call, packed(x, (0, 2, 3, 1)) if sliced else x)


@mutant(
    "views/crop-of-channels-last-rows",
    "A crop of the rows of channels-last memory is read as if its images lay side by side.",
    STRIDES,
    caught_by=FORWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _CropOfRows(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if channels_last(x):
            of = steps(x)
            if of[3] == x.shape[1] and of[2] == x.shape[3] * of[3] and of[0] > x.shape[2] * of[2]:
                x = packed(x, (0, 2, 3, 1))
        return super().read(call, x)


@mutant(
    "views/crop-of-channels-last-columns",
    "A crop of the columns of a channels-last dy is read as if its rows lay side by side.",
    STRIDES,
    caught_by=BACKWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _CropOfColumns(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        if channels_last(dy):
            of = steps(dy)
            if of[3] == dy.shape[1] and of[2] > dy.shape[3] * of[3]:
                dy = packed(dy, (0, 2, 3, 1))
        return super().read_dy(call, dy)


@mutant(
    "views/crop-of-rows",
    "A dy whose rows are cropped is read as if its planes lay side by side.",
    STRIDES,
    caught_by=BACKWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _CroppedDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        if dy.ndim == 4 and min(dy.shape) > 1:
            of, (_, channels, height, width) = steps(dy), dy.shape
            plane = of[3] == 1 and of[2] == width and of[1] > height * width
            if plane and of[0] == channels * of[1]:
                dy = packed(dy, (0, 1, 2, 3))
        return super().read_dy(call, dy)


@mutant(
    "views/every-second-row",
    "Of every second row of an image, inference takes the first half, row by row.",
    STRIDES,
    caught_by=("inference/agreement", "forward/strides"),
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _EverySecondRow(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if not call.training and x.ndim == 4 and min(x.shape) > 1:
            of = steps(x)
            if of[3] == 1 and of[2] == 2 * x.shape[3]:
                strides = list(x.strides)
                strides[2] //= 2
                x = as_strided(x, x.shape, strides)
        return super().read(call, x)


@mutant(
    "views/every-second-channel",
    "Of every second channel of x, the ones side by side are read.",
    STRIDES,
    caught_by=FORWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _EverySecondChannel(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if x.ndim == 4 and min(x.shape) > 1 and steps(x)[3] == 1:
            _, channels, height, width = x.shape
            of = steps(x)
            if of[2] == width and of[1] == 2 * height * width and of[0] == channels * of[1]:
                strides = list(x.strides)
                strides[1] //= 2
                x = as_strided(x, x.shape, strides)
        return super().read(call, x)


class _Flipped(Parts):
    """dx of an x that is flipped by a view along one axis comes back as x lies in memory."""

    axis = 2

    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        x = call.x
        flipped = x.ndim > self.axis and x.shape[self.axis] > 1 and x.strides[self.axis] < 0
        return np.flip(dx, self.axis) if flipped and x.ndim == 4 else dx, dgamma, dbeta


@mutant(
    "views/flipped-rows",
    "dx of images that are flipped upside down by a view comes back unflipped.",
    STRIDES,
    caught_by=BACKWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _FlippedRows(_Flipped):
    """Upside down."""


@mutant(
    "views/flipped-channels",
    "dx of images whose channels are reversed by a view comes back in the order of memory.",
    STRIDES,
    caught_by=BACKWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _FlippedChannels(_Flipped):
    axis = 1


@mutant(
    "views/flipped-columns-of-dy",
    "A channels-last dy that is flipped by a view over its columns is read unflipped.",
    STRIDES,
    caught_by=BACKWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _FlippedDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        flipped = channels_last(dy) and dy.strides[3] < 0
        return super().read_dy(call, np.flip(dy, 3) if flipped else dy)


@mutant(
    "views/sequences-cropped",
    "A slice of the channels of channels-last sequences is read as if no others lay between.",
    STRIDES,
    caught_by=FORWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _Sequences(Parts):
    ranks = (2, 3)

    def read(self, call: Call, x: Array) -> Array:
        sliced = sequences_last(x) and steps(x)[2] > x.shape[1]
        return super().read(call, packed(x, (0, 2, 1)) if sliced else x)
