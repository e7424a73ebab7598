"""Statistics over the wrong axes, or over a part of the batch."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array
from bnproof.reference.rows import widened

AGREEMENT = ("forward/agreement", "backward/agreement")


def _by_example(call: Call, rows: Array) -> Array:
    """Rows as (C, N, positions)."""
    return rows.reshape(len(rows), call.examples, -1)


@mutant(
    "axes/per-activation",
    "Every position of a feature map has statistics of its own, over the batch alone.",
    "Reduce over the batch and all spatial axes.",
    caught_by=(*AGREEMENT, "forward/layouts-agree"),
    issues=("keras-team/keras#1470", "parasdahal/deepnet#11", "mlpack/mlpack#2474"),
)
class _PerActivation(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        values = _by_example(call, rows)
        mean = values.mean(axis=1, keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "axes/instance-norm",
    "Every example has statistics of its own, over the spatial axes alone.",
    "Reduce over the batch axis as well.",
    caught_by=(*AGREEMENT, "forward/layouts-agree"),
    issues=("apache/tvm#18609",),
)
class _PerExample(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        values = _by_example(call, rows)
        if values.shape[2] == 1:
            return super().pool(call, rows)
        mean = values.mean(axis=2, keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "axes/whole-tensor",
    "All channels share one mean and one variance.",
    "Leave the channel axis out of the reduction.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
    issues=("tensorlayer/TensorLayer#1103",),
)
class _WholeTensor(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.full((len(rows), 1), rows.mean(), rows.dtype)


@mutant(
    "axes/layer-norm",
    "Statistics are formed over the channels of each example.",
    "Reduce over the batch and the spatial axes, not over the channels.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
    issues=("onnx/onnx#2669",),
)
class _LayerNorm(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        values = _by_example(call, rows)
        mean = values.mean(axis=(0, 2), keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "axes/last-axis",
    "The last axis is taken for the channels of channels-first data.",
    "The channel axis is 1: reduce over all others.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
    issues=("sharathadavanne/seld-dcase2021#8",),
)
class _LastAxis(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if not call.spatial or self.channel_axis == -1:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), -1, call.spatial[-1])
        mean = values.mean(axis=(0, 1), keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "axes/group-norm",
    "Two neighbouring channels share their statistics.",
    "Form statistics for each channel.",
    caught_by=(*AGREEMENT, "forward/channel-independence", "forward/channel-permutation"),
)
class _Groups(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if len(rows) % 2:
            return super().pool(call, rows)
        pairs = rows.reshape(len(rows) // 2, -1).mean(axis=1)
        return np.repeat(pairs, 2)[:, np.newaxis]


@mutant(
    "axes/ghost-batches",
    "Each half of the batch is normalised by its own statistics.",
    "Form statistics over the whole batch.",
    caught_by=AGREEMENT,
)
class _Ghost(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if rows.shape[1] % 2 or rows.shape[1] < 4:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), 2, -1)
        mean = values.mean(axis=2, keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "axes/first-half",
    "Statistics are formed from the first half of the batch only.",
    "Form them from all values.",
    caught_by=(*AGREEMENT, "forward/sample-permutation"),
    issues=("pytorch/pytorch#1051",),
)
class _FirstHalf(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        half = rows[:, : max(2, rows.shape[1] // 2)]
        return np.asarray(half.mean(axis=1, keepdims=True))


@mutant(
    "axes/variance-of-whole-tensor",
    "The mean is that of the channel, the variance that of all channels.",
    "Reduce both over the same axes.",
    caught_by=("forward/agreement", "forward/channel-independence"),
)
class _VarOfWholeTensor(Parts):
    def var(self, call: Call) -> Array:
        return np.full((len(call.rows), 1), super().var(call).mean(), call.rows.dtype)


@mutant(
    "axes/mean-of-whole-tensor",
    "The variance is that of the channel, the mean that of all channels.",
    "Reduce both over the same axes.",
    caught_by=("forward/agreement", "forward/channel-independence"),
)
class _MeanOfWholeTensor(Parts):
    def mean(self, call: Call) -> Array:
        return np.full((len(call.rows), 1), call.rows.mean(), call.rows.dtype)


@mutant(
    "axes/variance-per-example",
    "The variance is formed for each example, the mean over the batch.",
    "Reduce both over the batch and all spatial axes.",
    caught_by=AGREEMENT,
)
class _VarPerExample(_PerExample):
    def mean(self, call: Call) -> Array:
        return Parts.pool(self, call, call.rows)


@mutant(
    "axes/mean-per-activation",
    "The mean is formed for each position, the variance over all of them.",
    "Reduce both over the batch and all spatial axes.",
    caught_by=AGREEMENT,
)
class _MeanPerActivation(_PerActivation):
    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        return Parts.pool(self, call, centred * centred)


@mutant(
    "axes/reshaped-not-transposed",
    "x is reshaped to one row per channel without moving the channel axis first.",
    "Move the channel axis to the front, then reshape.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
    issues=("vacancy/Synchronized-BatchNorm-PyTorch#31",),
)
class _MixedChannels(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x).T.reshape(x.shape[self.channel_axis], -1)


def _unmoved(x: Array, channels: int) -> Array:
    """One row per channel, as it comes out if x is (N, ..., C) whatever it is."""
    return np.asarray(x.reshape(-1, channels).T)


def _not_moved_back(call: Call, rows: Array) -> Array:
    """Rows in the shape of x, as if x were (N, ..., C) whatever it is."""
    return np.asarray(rows.T.reshape(call.x.shape).astype(call.x.dtype))


@mutant(
    "axes/channels-not-moved",
    "(N, C, H, W) is reshaped to columns of C without moving the channels last.",
    "Move the channel axis last, then reshape, and undo both in the reverse order.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
)
class _NotMoved(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return _unmoved(widened(x), x.shape[self.channel_axis])

    def read_dy(self, call: Call, dy: Array) -> Array:
        return _unmoved(widened(dy), dy.shape[self.channel_axis])

    def write(self, call: Call, rows: Array) -> Array:
        return _not_moved_back(call, rows)


@mutant(
    "axes/channels-not-moved-back",
    "Columns of C are reshaped to (N, C, H, W) without moving the channels back.",
    "Reshape to (N, H, W, C) first, then move the channel axis to its place.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
)
class _NotMovedBack(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        return _not_moved_back(call, rows)


@mutant(
    "axes/channels-of-dy-not-moved",
    "dy is reshaped to columns of C without moving the channels last, where x was not.",
    "Do to dy what the forward pass did to x.",
    caught_by=("backward/agreement", "backward/dbeta-is-sum"),
)
class _DyNotMoved(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return _unmoved(widened(dy), dy.shape[self.channel_axis])


@mutant(
    "axes/parameters-along-the-last-axis",
    "gamma and beta are broadcast along the last axis where its size allows it.",
    "Reshape gamma and beta to (1, C, 1, 1).",
    caught_by=("forward/agreement", "forward/zero-mean"),
    issues=("jax-ml/jax#461", "pytorch/pytorch#100970"),
)
class _BroadcastOverLastAxis(Parts):
    def y(self, call: Call) -> Array:
        if call.spatial[-1:] != (len(call.gamma),):
            return super().y(call)
        gamma, beta = (np.resize(a[:, 0], call.m) for a in (call.gamma, call.beta))
        return np.asarray(gamma * call.xhat + beta)


@mutant(
    "axes/parameters-along-the-batch",
    "gamma and beta are broadcast along the batch axis where N = C.",
    "Broadcast them along the channel axis, whatever the sizes.",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _BroadcastOverExamples(Parts):
    def y(self, call: Call) -> Array:
        if call.examples != len(call.gamma):
            return super().y(call)
        places = call.m // call.examples
        gamma, beta = (np.repeat(a[:, 0], places) for a in (call.gamma, call.beta))
        return np.asarray(gamma * call.xhat + beta)


@mutant(
    "axes/count-of-examples",
    "Sums over the batch and space are divided by the batch size alone.",
    "Divide by N times the spatial sizes.",
    caught_by=(*AGREEMENT, "forward/zero-mean"),
)
class _CountOfExamples(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(rows.sum(axis=1, keepdims=True) / call.examples)


@mutant(
    "axes/parameters-reversed",
    "gamma and beta are applied to the channels in reverse order.",
    "Apply gamma[c] and beta[c] to channel c.",
    caught_by=("forward/agreement", "forward/channel-independence"),
)
class _ChannelsMirrored(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma, call.beta = call.gamma[::-1], call.beta[::-1]


@mutant(
    "axes/neighbour-included",
    "The sums of a channel take in a part of the channel before it.",
    "Reduce over the values of the channel alone.",
    caught_by=(*AGREEMENT, "forward/channel-independence"),
)
class _NeighbourIncluded(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray((rows + np.roll(rows, 1, axis=0) / 8).mean(axis=1, keepdims=True))
