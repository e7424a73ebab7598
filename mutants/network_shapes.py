"""What goes wrong at the shapes that networks have, and at no others: planes, channels, batches."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.network_sizes import planes
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "running/one-step")
BACKWARD = ("backward/agreement",)
INFERENCE = ("inference/agreement",)
SAME = "Use the same formula for all shapes."


def total(rows: Array) -> Array:
    """The sum over a row, a column."""
    return np.asarray(rows.sum(axis=1, keepdims=True))


@mutant(
    "network-shapes/seven-by-seven",
    "In planes of 7 x 7 with more than 100 channels dx lacks the variance's part.",
    SAME,
    caught_by=BACKWARD,
    shown_by=("network size 8x512x7x7",),
)
class _SevenBySeven(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        right = super().var_term(call, dxhat)
        return right * 0 if call.spatial == (7, 7) and len(right) > 100 else right


@mutant(
    "network-shapes/first-stage",
    "For 64 channels of 56 x 56 dgamma is 0.",
    SAME,
    caught_by=BACKWARD,
    shown_by=("network size 2x64x56x56",),
)
class _FirstStage(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        return right * 0 if len(dy) == 64 and call.spatial == (56, 56) else right


@mutant(
    "network-shapes/stem",
    "In planes of 112 x 112 the last row is not in dbeta.",
    "Loop over all rows.",
    caught_by=BACKWARD,
    shown_by=("network size 1x32x112x112",),
)
class _Stem(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        if call.spatial != (112, 112):
            return super().dbeta(call, dy)
        return total(planes(call, dy)[:, :, :-112].reshape(len(dy), -1))


@mutant(
    "network-shapes/many-channels-of-small-planes",
    "For 2048 channels of planes the running variance is the biased one.",
    SAME,
    caught_by=("running/one-step",),
    shown_by=("network size 4x2048x7x7",),
    conventions={"running_variance": "unbiased"},
)
class _ManyChannels(Parts):
    def correction(self, call: Call) -> float:
        return 1.0 if call.spatial and len(call.rows) == 2048 else super().correction(call)


@mutant(
    "network-shapes/beta-of-another-block",
    "Channels of planes beyond 1024 get the beta of those 1024 before.",
    "Add the block's first channel.",
    caught_by=AGREEMENT,
    shown_by=("network size 2x1280x7x7",),
)
class _AnotherBlock(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.spatial:
            call.beta = call.beta[np.arange(len(call.beta)) % 1024]


@mutant(
    "network-shapes/hidden-layers",
    "In matrices of more than 64 rows and 1000 columns dx is that of inference.",
    SAME,
    caught_by=BACKWARD,
    shown_by=("network size 128x2048",),
)
class _HiddenLayers(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        wide = call.x.ndim == 2 and call.m > 64 and len(dy) > 1000
        return self.infer_dx(call, dy) if wide else super().dx(call, dy)


@mutant(
    "network-shapes/sequences-of-height-one",
    "Inference of images of height 1, wider than 100, takes the mean of the batch.",
    "Use the running mean.",
    caught_by=INFERENCE,
    shown_by=("network size 32x64x1x128",),
)
class _HeightOne(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        flat = len(call.spatial) == 2 and call.spatial[0] == 1 and call.spatial[1] > 100
        return self.mean(call) if flat else mean, var


@mutant(
    "network-shapes/sequences-of-width-one",
    "In images of width 1, higher than 64, rows beyond the first 64 are not in dgamma.",
    "Loop over all rows.",
    caught_by=BACKWARD,
    shown_by=("network size 8x128x100x1",),
)
class _WidthOne(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        if len(call.spatial) != 2 or call.spatial[1] > 1 or call.spatial[0] <= 64:
            return super().dgamma(call, dy)
        return total(planes(call, dy * call.xhat)[:, :, :64].reshape(len(dy), -1))


@mutant(
    "network-shapes/beyond-two-millions",
    "Inference of more than 2^21 elements leaves beta out.",
    SAME,
    caught_by=INFERENCE,
    shown_by=("network size 64x3x112x112",),
)
class _BeyondTwoMillions(Parts):
    def infer_y(self, call: Call) -> Array:
        right = super().infer_y(call)
        return right - call.beta if right.size > 2**21 else right


@mutant(
    "network-shapes/half-of-the-batch",
    "Of 64 images and more, with planes of 196 and more, only the first half is in dgamma.",
    "Take in all blocks of images.",
    caught_by=BACKWARD,
    shown_by=("network size 64x16x14x14",),
)
class _HalfOfTheBatch(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        if call.examples < 64 or call.m // call.examples < 196:
            return super().dgamma(call, dy)
        half = call.examples // 2
        return total(planes(call, dy * call.xhat)[:, :half].reshape(len(dy), -1))


@mutant(
    "network-shapes/images-counted-in-eight-bits",
    "The number of images is kept in eight bits: 256 images of planes are counted as 1.",
    "Count in 64 bits.",
    caught_by=("running/one-step",),
    shown_by=("network size 256x16x7x7",),
    conventions={"running_variance": "unbiased"},
)
class _EightBits(Parts):
    def correction(self, call: Call) -> float:
        m = (call.examples % 256 or 1) * (call.m // call.examples)
        return m / (m - 1) if call.spatial and m > 1 else super().correction(call)


@mutant(
    "network-shapes/pooled-features",
    "For planes of one position with 512 channels and more dx lacks 1 / std.",
    SAME,
    caught_by=BACKWARD,
    shown_by=("network size 128x512x1x1",),
)
class _PooledFeatures(Parts):
    def dx_scale(self, call: Call) -> Array:
        right = super().dx_scale(call)
        one = call.spatial and call.m == call.examples
        return np.ones_like(right) if one and len(right) >= 512 else right


@mutant(
    "network-shapes/square-of-pooled-features",
    "As many images as channels, more than 8, of one position: dgamma is summed over channels.",
    "Sum over the images.",
    caught_by=BACKWARD,
    shown_by=("network size 64x64x1x1",),
)
class _Square(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        square = call.spatial and dy.shape[0] == dy.shape[1] == call.examples > 8
        return super().dgamma(call, dy) if not square else total((dy * call.xhat).T)


@mutant(
    "network-shapes/fourth-stage",
    "Channels of planes of 14 x 14 beyond 256 get the gamma of those 256 before.",
    "Add the block's first channel.",
    caught_by=AGREEMENT,
    shown_by=("network size 4x512x14x14",),
)
class _FourthStage(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.spatial == (14, 14):
            call.gamma = call.gamma[np.arange(len(call.gamma)) % 256]


@mutant(
    "network-shapes/values-counted-in-sixteen-bits",
    "Values of images beyond 200,000 are counted modulo 65,536 in dx.",
    "Count in 64 bits.",
    caught_by=BACKWARD,
    shown_by=("network size 64x2x56x56",),
)
class _SixteenBits(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        if not call.spatial or call.m < 200000:
            return super().mean_term(call, dxhat)
        return np.asarray(total(dxhat) / (call.m % 2**16))


@mutant(
    "network-shapes/odd-rows-of-a-large-image",
    "Of one image of more than 100,000 positions the last row is not in the mean.",
    "Take in the last row.",
    caught_by=AGREEMENT,
    shown_by=("integers 159999",),
)
class _OddRows(Parts):
    def mean(self, call: Call) -> Array:
        if call.examples > 1 or call.m < 100000 or not call.spatial or call.spatial[0] % 2 == 0:
            return super().mean(call)
        return self.pool(call, call.rows[:, : -call.m // call.spatial[0]])


@mutant(
    "network-shapes/tall-images",
    "Of images with more than 300 rows those from 256 on are not in dbeta.",
    "Loop over all rows.",
    caught_by=BACKWARD,
    shown_by=("network size 2x2x400x60",),
)
class _TallImages(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        if len(call.spatial) != 2 or call.spatial[0] <= 300:
            return super().dbeta(call, dy)
        return total(planes(call, dy)[:, :, : 256 * call.spatial[1]].reshape(len(dy), -1))


@mutant(
    "network-shapes/threads-of-inference",
    "Eight threads share images of 196 positions and more, and leave the rest without beta.",
    "Give the rest to the last thread.",
    caught_by=INFERENCE,
    shown_by=("network size 20x8x14x14",),
)
class _Threads(Parts):
    def infer_y(self, call: Call) -> Array:
        right = super().infer_y(call)
        left = call.examples % 8
        if call.examples <= 16 or not left or call.m // call.examples < 196:
            return right
        part = np.zeros((1, call.examples, 1), right.dtype)
        part[:, -left:] = 1
        taken = np.broadcast_to(part, planes(call, right).shape).reshape(right.shape)
        return np.asarray(right - taken * call.beta)


@mutant(
    "network-shapes/last-block-twice",
    "In sequences of a multiple of 128 the last block is added twice to dbeta.",
    "Begin no block behind the end.",
    caught_by=BACKWARD,
    shown_by=("network size 32x256x128",),
)
class _LastBlockTwice(Parts):
    ranks = (2, 3, 4)

    def dbeta(self, call: Call, dy: Array) -> Array:
        right = super().dbeta(call, dy)
        if len(call.spatial) != 1 or call.spatial[0] % 128 or call.examples < 2:
            return right
        return np.asarray(right + total(planes(call, dy)[:, :, -128:].reshape(len(dy), -1)))


@mutant(
    "network-shapes/volumes-of-eight-slices",
    "In volumes of 8 slices and more than 32 channels dgamma is that of one slice times 8.",
    "Loop over all slices.",
    caught_by=BACKWARD,
    shown_by=("network size 2x64x8x14x14",),
)
class _Volumes(Parts):
    ranks = (2, 3, 4, 5)

    def dgamma(self, call: Call, dy: Array) -> Array:
        if len(call.spatial) != 3 or call.spatial[0] != 8 or len(dy) < 32:
            return super().dgamma(call, dy)
        first = planes(call, dy * call.xhat)[:, :, : call.m // call.examples // 8]
        return 8 * total(first.reshape(len(dy), -1))


@mutant(
    "network-shapes/planes-that-fill-blocks",
    "In planes of a multiple of 1024 positions the loop ends before the last block of the squares.",
    "Compare with <=.",
    caught_by=AGREEMENT,
    shown_by=("network size 32x16x32x32",),
)
class _FilledBlocks(Parts):
    def var(self, call: Call) -> Array:
        positions = call.m // call.examples
        if not call.spatial or call.examples < 8 or positions % 1024:
            return super().var(call)
        squares = planes(call, (call.rows - call.mean) ** 2)[:, :, :-1024]
        return np.asarray(total(squares.reshape(len(squares), -1)) / call.m)
