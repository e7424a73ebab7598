"""What is left over after whole vectors, and sizes that get a kernel of their own."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/zero-mean", "forward/unit-variance")
BACKWARD = ("backward/agreement",)
TAIL = "Take in what is left over after the last whole vector"


def whole(rows: Array, width: int) -> Array:
    """Rows without what is left over after the last whole vector."""
    count = rows.shape[1]
    return rows[:, : count - count % width] if count > width else rows


@mutant(
    "sizes/tail-of-mean",
    "The mean leaves out what does not fill a vector of 8.",
    f"{TAIL}.",
    caught_by=AGREEMENT,
)
class _MeanTail(Parts):
    def mean(self, call: Call) -> Array:
        return self.pool(call, whole(call.rows, 8))


@mutant(
    "sizes/tail-of-variance",
    "The variance leaves out what does not fill a vector of 4.",
    f"{TAIL}.",
    caught_by=AGREEMENT,
)
class _VarTail(Parts):
    def var(self, call: Call) -> Array:
        centred = whole(call.rows - call.mean, 4)
        return self.pool(call, centred * centred)


@mutant(
    "sizes/tail-of-sums",
    "Sums leave out what does not fill a vector of 16, and divide by the full number.",
    f"{TAIL}.",
    caught_by=AGREEMENT,
)
class _SumTail(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(whole(rows, 16).sum(axis=1, keepdims=True) / rows.shape[1])


@mutant(
    "sizes/tail-of-dbeta",
    "dbeta leaves out what does not fill a vector of 8.",
    f"{TAIL}.",
    caught_by=(*BACKWARD, "backward/dbeta-is-sum"),
)
class _DbetaTail(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return super().dbeta(call, whole(dy, 8))


@mutant(
    "sizes/tail-of-dgamma",
    "dgamma leaves out what does not fill a vector of 4.",
    f"{TAIL}.",
    caught_by=BACKWARD,
)
class _DgammaTail(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        products = whole(dy * call.xhat, 4)
        return np.asarray(products.sum(axis=1, keepdims=True))


@mutant(
    "sizes/tail-of-y",
    "What does not fill a vector of 8 is neither scaled nor shifted.",
    f"{TAIL}.",
    caught_by=AGREEMENT,
)
class _YTail(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        done = whole(y, 8).shape[1]
        y[:, done:] = call.xhat[:, done:]
        return y


@mutant(
    "sizes/tail-of-dx",
    "dx is 0 for what does not fill a vector of 8.",
    f"{TAIL}.",
    caught_by=BACKWARD,
)
class _DxTail(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dx = super().dx(call, dy)
        dx[:, whole(dx, 8).shape[1] :] = 0
        return dx


@mutant(
    "sizes/partial-warp",
    "The variance leaves out what does not fill a group of 32, and divides by the full number.",
    f"{TAIL}.",
    caught_by=AGREEMENT,
)
class _WarpTail(Parts):
    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        if call.m > 32:
            centred[:, 32 * (call.m // 32) :] = 0
        return self.pool(call, centred * centred)


@mutant(
    "sizes/odd-value-lost",
    "A sum by pairs loses the last of an odd number of values.",
    "Add the last value on its own.",
    caught_by=AGREEMENT,
)
class _OddLost(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if rows.shape[1] % 2 == 0 or rows.shape[1] < 3:
            return super().pool(call, rows)
        pairs = rows[:, :-1:2] + rows[:, 1::2]
        return np.asarray(pairs.sum(axis=1, keepdims=True) / rows.shape[1])


@mutant(
    "sizes/odd-plane",
    "The last position of a plane with an odd number of positions is left out.",
    "Add the last position on its own.",
    caught_by=AGREEMENT,
)
class _OddPlaneLost(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        places = rows.shape[1] // call.examples
        if places % 2 == 0 or places < 3:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), call.examples, places)[:, :, :-1]
        return np.asarray(values.mean(axis=(1, 2))[:, np.newaxis])


@mutant(
    "sizes/padding-counted",
    "Rows are padded with zeros, and the padding is counted.",
    "Divide by the number of values without the padding.",
    caught_by=AGREEMENT,
    issues=("pytorch/pytorch#70529", "SeanNaren/deepspeech.pytorch#312"),
)
class _Padded(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        padding = -rows.shape[1] % 4
        return super().pool(call, np.pad(rows, ((0, 0), (0, padding))))


@mutant(
    "sizes/padding-in-variance",
    "The squares of padding less the mean are added to the variance.",
    "Mask the padding after the mean is subtracted.",
    caught_by=AGREEMENT,
    issues=("tensorflow/tensorflow#30161", "keras-team/keras#3228"),
)
class _PaddingInVariance(Parts):
    def var(self, call: Call) -> Array:
        padded = np.pad(call.rows, ((0, 0), (0, -call.m % 4))) - call.mean
        return np.asarray((padded * padded).sum(axis=1, keepdims=True) / call.m)


@mutant(
    "sizes/tail-of-channels",
    "Channels that do not fill a group of 4 are neither scaled nor shifted.",
    "Take in the channels that are left over.",
    caught_by=AGREEMENT,
)
class _ChannelTail(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        done = len(y) - len(y) % 4 if len(y) > 4 else len(y)
        y[done:] = call.xhat[done:]
        return y


@mutant(
    "sizes/last-channel",
    "dgamma of the last of an odd number of channels is 0.",
    "Take in the channel that is left over.",
    caught_by=BACKWARD,
)
class _LastChannel(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        if len(right) % 2 and len(right) > 1:
            right[-1] = 0
        return right


@mutant(
    "sizes/one-channel",
    "gamma and beta are left out where there is one channel.",
    "Treat one channel like many.",
    caught_by=AGREEMENT,
)
class _OneChannel(Parts):
    def y(self, call: Call) -> Array:
        return call.xhat if len(call.rows) == 1 else super().y(call)


@mutant(
    "sizes/two-values",
    "The shortcut for two values gives the unbiased variance.",
    "It is the square of their difference over 4.",
    caught_by=AGREEMENT,
)
class _TwoValues(Parts):
    def var(self, call: Call) -> Array:
        if call.m != 2:
            return super().var(call)
        difference = call.rows[:, :1] - call.rows[:, 1:]
        return np.asarray(difference * difference / 2)


@mutant(
    "sizes/channels-not-a-power-of-two",
    "Beyond 32 channels the means are wrong unless their number is a power of two.",
    "Mask the channels that are not there.",
    caught_by=AGREEMENT,
    issues=("NVIDIA/apex#1768",),
)
class _NotAPowerOfTwo(Parts):
    def mean(self, call: Call) -> Array:
        mean = super().mean(call)
        channels = len(mean)
        if channels & (channels - 1) and channels > 32:
            mean[32:] = mean[32 - channels % 32 : 32][:1]
        return mean


@mutant(
    "sizes/aligned-tiles",
    "Tiles of 8 x 8 come back transposed where both sizes are aligned.",
    "Transpose the tile back.",
    caught_by=AGREEMENT,
)
class _AlignedTiles(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        if call.x.ndim == 2 and call.m % 32 == 0 and len(y) % 8 == 0:
            y[:8, :8] = y[:8, :8].T.copy()
        return y


@mutant(
    "sizes/square-statistics",
    "Where N = C, statistics meet the examples and not the channels.",
    "Keep the axis of the reduction, so that they broadcast along the channels.",
    caught_by=AGREEMENT,
    issues=("jax-ml/jax#461",),
)
class _SquareMeans(Parts):
    def xhat(self, call: Call) -> Array:
        if call.x.ndim != 2 or call.m != len(call.rows):
            return super().xhat(call)
        return np.asarray((call.rows - call.mean.T) * call.inv_std.T)


@mutant(
    "sizes/narrow-planes",
    "In planes of width 1 only the first row counts.",
    "Do not drop axes of length 1.",
    caught_by=(*AGREEMENT, "forward/layouts-agree", "forward/spatial-permutation"),
)
class _NarrowPlanes(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if len(call.spatial) != 2 or call.spatial[1] != 1 or call.examples == 1:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), call.examples, -1)[:, :, :1]
        return np.asarray(values.mean(axis=(1, 2))[:, np.newaxis])


@mutant(
    "sizes/subsampled",
    "Above 1000 values the mean is that of every other one.",
    "Take in all values.",
    caught_by=AGREEMENT,
)
class _Subsampled(Parts):
    def mean(self, call: Call) -> Array:
        return self.pool(call, call.rows[:, ::2] if call.m > 1000 else call.rows)
