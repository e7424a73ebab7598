"""What goes wrong at sizes of networks: planes, images, batches and volumes of one kind only."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "running/one-step")
BACKWARD = ("backward/agreement",)
TAIL = "Take in what is left over after the last whole block."


def planes(call: Call, rows: Array) -> Array:
    """Rows as (C, examples, positions)."""
    return rows.reshape(len(rows), call.examples, -1)


def without(call: Call, rows: Array, width: int) -> Array:
    """Rows with 0 for what does not fill a block of some width in each plane."""
    cut = planes(call, rows).copy()
    cut[:, :, cut.shape[2] // width * width :] = 0
    return cut.reshape(rows.shape)


@mutant(
    "network-sizes/ragged-planes-above-256",
    "In several planes of more than 256 positions the last ones are left out of the statistics.",
    TAIL,
    caught_by=AGREEMENT,
    shown_by=("network size 5x20x17x19",),
)
class _RaggedPlanes(Parts):
    width = 256

    def pool(self, call: Call, rows: Array) -> Array:
        places = call.m // call.examples
        if call.examples == 1 or not call.spatial or places < self.width:
            return super().pool(call, rows)
        return super().pool(call, without(call, rows, self.width))


@mutant(
    "network-sizes/ragged-planes-above-1024",
    "In several planes of more than 1024 positions the last ones are left out of the statistics.",
    TAIL,
    caught_by=AGREEMENT,
    shown_by=("network size 3x12x33x41",),
)
class _RaggedLargePlanes(_RaggedPlanes):
    width = 1024


@mutant(
    "network-sizes/vector-of-a-plane",
    "In planes of more than 300 positions dx is 0 for what does not fill a vector of 8.",
    TAIL,
    caught_by=BACKWARD,
    shown_by=("network size 5x20x17x19",),
)
class _VectorOfPlane(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dx = super().dx(call, dy)
        return without(call, dx, 8) if call.m // call.examples > 300 and call.spatial else dx


@mutant(
    "network-sizes/one-image",
    "The kernel for one large image leaves out its last row.",
    "Loop over all rows.",
    caught_by=AGREEMENT,
    shown_by=("network size 1x100x37x53",),
)
class _OneImage(Parts):
    def mean(self, call: Call) -> Array:
        if call.examples > 1 or len(call.spatial) != 2 or call.m < 1000:
            return super().mean(call)
        left = call.rows[:, : call.m - call.spatial[1]]
        return np.asarray(left.sum(axis=1, keepdims=True) / call.m)


@mutant(
    "network-sizes/odd-width",
    "In planes wider than 32 of an odd width the last column is not shifted by beta.",
    "Take in the last column.",
    caught_by=AGREEMENT,
    shown_by=("network size 3x12x33x41",),
)
class _OddWidth(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        if len(call.spatial) == 2 and call.spatial[1] > 32 and call.spatial[1] % 2:
            y = y - np.zeros_like(y)
            y[:, call.spatial[1] - 1 :: call.spatial[1]] -= call.beta
        return np.asarray(y)


@mutant(
    "network-sizes/groups-of-channels",
    "In planes of more than 30 positions channels beyond the last group of 32 get the gamma of the "
    "first ones.",
    "Begin the last group where it begins.",
    caught_by=AGREEMENT,
    shown_by=("network size 13x70x9x7",),
)
class _GroupsOfChannels(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        channels = len(call.rows)
        if channels > 32 and channels % 32 and call.m > 30 * call.examples:
            call.gamma = call.gamma.copy()
            left = channels % 32
            call.gamma[-left:] = call.gamma[:left].copy()


@mutant(
    "network-sizes/many-channels-of-planes",
    "For planes, gamma is read at the channel modulo 128.",
    "Launch as many blocks as there are channels.",
    caught_by=AGREEMENT,
    shown_by=("network size 10x130x11x7",),
)
class _ManyChannels(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.spatial and call.m // call.examples > 16:
            call.gamma = call.gamma[np.arange(len(call.gamma)) % 128]


@mutant(
    "network-sizes/split-between-threads",
    "Where four threads share a large batch, examples that are left over miss in dbeta.",
    "Give the rest to the last thread.",
    caught_by=BACKWARD,
    shown_by=("network size 13x70x9x7",),
)
class _Threads(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        left = call.examples % 4
        if dy.size < 2**15 or not left or call.examples < 4:
            return super().dbeta(call, dy)
        return super().dbeta(call, planes(call, dy)[:, :-left].reshape(len(dy), -1))


@mutant(
    "network-sizes/beyond-a-million",
    "Elements beyond 2^20 of x are normalised and neither scaled nor shifted.",
    "Loop over all elements.",
    caught_by=AGREEMENT,
    shown_by=("network size 3x40x95x93",),
)
class _BeyondAMillion(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        written = super().write(call, rows)
        if written.size > 2**20:
            flat = np.ascontiguousarray(written).reshape(-1)
            flat[2**20 :] = 0
            return flat.reshape(written.shape)
        return written


@mutant(
    "network-sizes/deep-volumes",
    "In volumes deeper than 16 slices the variance is that of the first 16.",
    "Loop over all slices.",
    caught_by=AGREEMENT,
    shown_by=("network size 1x5x33x20x27",),
)
class _DeepVolumes(Parts):
    ranks = (2, 3, 4, 5)

    def var(self, call: Call) -> Array:
        if len(call.spatial) != 3 or call.spatial[0] <= 16:
            return super().var(call)
        centred = (call.rows - call.mean).reshape(len(call.rows), call.examples, *call.spatial)
        squares = centred[:, :, :16].reshape(len(centred), -1) ** 2
        return self.pool(call, squares)


@mutant(
    "network-sizes/long-sequences",
    "Sequences longer than 512 are cut into parts, and what is left over is not in dgamma.",
    TAIL,
    caught_by=BACKWARD,
    shown_by=("network size 9x20x997",),
)
class _LongSequences(Parts):
    ranks = (2, 3, 4)

    def dgamma(self, call: Call, dy: Array) -> Array:
        if len(call.spatial) != 1 or call.spatial[0] <= 512:
            return super().dgamma(call, dy)
        products = without(call, dy * call.xhat, 512)
        return np.asarray(products.sum(axis=1, keepdims=True))


@mutant(
    "network-sizes/channels-last-tail",
    "Where more than 16 channels are last in memory, those beyond a multiple of 8 keep gamma 1.",
    "Take in the channels that are left over.",
    caught_by=AGREEMENT,
    shown_by=("network size 13x70x9x7",),
)
class _ChannelsLastTail(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        moved = call.x.ndim > 2 and call.x.strides[1] == call.x.itemsize
        channels = len(call.gamma)
        if moved and channels > 16:
            call.gamma = call.gamma.copy()
            call.gamma[channels - channels % 8 :] = 1


@mutant(
    "network-sizes/columns-in-tiles",
    "Large matrices are cut into tiles of 512 channels, of which the last one has no statistics.",
    "Begin a last tile for what is left over.",
    caught_by=AGREEMENT,
    shown_by=("network size 1003x517",),
)
class _Tiles(Parts):
    def running_var(self, call: Call) -> Array:
        right = super().running_var(call)
        if call.x.ndim == 2 and call.m > 100 and len(right) > 512:
            right[len(right) - len(right) % 512 :] = call.running_var[
                len(right) - len(right) % 512 :
            ]
        return right


@mutant(
    "network-sizes/large-inference",
    "Inference of more than 2^17 elements leaves out eps.",
    "Use the same formula for all sizes.",
    caught_by=("inference/agreement",),
    shown_by=("network size 1003x517",),
)
class _LargeInference(Parts):
    def inv_std(self, call: Call) -> Array:
        right = super().inv_std(call)
        if call.training or call.rows.size <= 2**17:
            return right
        return np.asarray(1 / np.sqrt(call.var))
