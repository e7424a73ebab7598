"""Mistakes that need a certain size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


class ManyChannels(Flawed):
    """Takes the parameters of channel c mod 64."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        index = np.arange(len(call.gamma)) % 64
        return self._xhat(call) * call.gamma[index] + call.beta[index]


class ManyChannelsBackward(Flawed):
    """Returns no dgamma beyond the first 64 channels."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, np.where(np.arange(len(dgamma)) < 64, dgamma, 0), dbeta


class MoreThan256Channels(Flawed):
    """Leaves running statistics alone beyond the first 256 channels."""

    reveals = ("running_mean",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        first = np.arange(len(mean)) < 256
        return np.where(first, mean, call.running_mean), np.where(first, var, call.running_var)


class MoreThan1024Channels(Flawed):
    """Normalises without beta beyond the first 1024 channels."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        first = np.arange(len(call.beta)) < 1024
        return self._xhat(call) * call.gamma + np.where(first, call.beta, 0)


class NinthChannel(Flawed):
    """Leaves the channels beyond a multiple of eight unscaled in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        channels = len(call.gamma)
        whole = channels // 8 * 8 if channels > 8 else channels
        gamma = np.where(np.arange(channels) < whole, call.gamma, 1)
        return self._forward(replace(call, gamma=gamma))


class _SumsOf(Flawed):
    """Sums a part of the rows in the statistics alone."""

    abstract = True

    def _part(self, rows: Any) -> Any:
        return rows

    def _moments(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        mean = self._part(call.x).sum(axis=0) / count
        centred = call.x - mean
        return mean, self._part(centred * centred).sum(axis=0) / count


class TailOfEight(_SumsOf):
    """Drops the last N mod 8 values from the statistics."""

    reveals = ("y", "running_mean")

    def _part(self, rows: Any) -> Any:
        return rows[: len(rows) // 8 * 8] if len(rows) > 8 else rows


class TailOf64(_SumsOf):
    """Drops the last N mod 64 values from the statistics."""

    reveals = ("y", "running_mean")

    def _part(self, rows: Any) -> Any:
        return rows[: len(rows) // 64 * 64] if len(rows) > 64 else rows


class TailOf256(_SumsOf):
    """Drops the last N mod 256 values from the statistics."""

    reveals = ("y", "running_mean")

    def _part(self, rows: Any) -> Any:
        return rows[: len(rows) // 256 * 256] if len(rows) > 256 else rows


class First1024(_SumsOf):
    """Sums the first 1024 values alone."""

    reveals = ("y", "running_mean")

    def _part(self, rows: Any) -> Any:
        return rows[:1024]


class First65535(_SumsOf):
    """Sums the first 65535 values alone, the limit of a launch."""

    reveals = ("running_mean", "y")

    def _part(self, rows: Any) -> Any:
        return rows[:65535]


class OddCountsRoundedUp(_SumsOf):
    """Counts the last value of an odd number of values twice when there are more than 16."""

    reveals = ("y", "running_mean")

    def _part(self, rows: Any) -> Any:
        odd = len(rows) % 2 and len(rows) > 16
        return np.concatenate([rows, rows[-1:]]) if odd else rows


class UnweightedBlocks(Flawed):
    """Averages the means of blocks of 100 values, the ragged last one too."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        blocks = [call.x[i : i + 100] for i in range(0, len(call.x), 100)]
        mean = np.mean([b.mean(axis=0) for b in blocks], axis=0, dtype=call.x.dtype)
        return mean, self._mean((call.x - mean) ** 2)


class UnweightedShards(Flawed):
    """Averages mean and variance of two unequal devices (Flax, Haiku)."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        cut = -(-len(call.x) // 2)
        one, two = call.x[:cut], call.x[cut:]
        mean = (one.mean(axis=0) + two.mean(axis=0)) / 2
        return mean, (one.var(axis=0) + two.var(axis=0)) / 2


class ByteCount(Flawed):
    """Counts in a signed byte."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = int(np.array(len(call.x)).astype(np.int8))
        return call.var * (count / (count - 1 or 1))


class ShortCount(Flawed):
    """Counts in 16 signed bits."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        count = int(np.array(len(call.x)).astype(np.int16)) or 1
        _, dgamma, dbeta = super()._gradients(call)
        inner = call.dy - dbeta / count - self._xhat(call) * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta


class UnsignedShortCount(Flawed):
    """Counts in 16 unsigned bits."""

    reveals = ("running_mean", "y")

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / (len(rows) % 65536 or 1)


class OddPlanes(Flawed):
    """Drops the last pixel of images with an odd number of pixels from dgamma and dbeta."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        pixels = int(np.prod(call.shape[2:]))
        if call.rank == 4 and pixels % 2 and pixels > 1:
            kept = np.arange(len(call.x)) % pixels != pixels - 1
            dgamma = self._sum((call.dy * self._xhat(call))[kept])
            dbeta = self._sum(call.dy[kept])
        return dx, dgamma, dbeta


class WidthOne(Flawed):
    """Takes images of width 1 for vectors of a doubled batch in N / (N - 1)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = len(call.x) * (2 if call.rank == 4 and call.shape[3] == 1 else 1)
        return call.var * (count / (count - 1))


class HeightOne(Flawed):
    """Swaps height and width of the result for images of height 1."""

    reveals = ("shape",)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        turned = like.ndim == 4 and like.shape[2] == 1 and like.shape[3] > 1
        return np.swapaxes(whole, 2, 3).copy() if turned else whole


class OneChannelSqueezed(Flawed):
    """Loses the axis of a single channel."""

    reveals = ("shape",)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        return whole[:, 0] if like.shape[1] == 1 else whole


class LargeBatchBackward(Flawed):
    """Forgets the variance in dx for more than 768 values and two channels (MIOpen)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        if len(call.x) > 768 and call.x.shape[1] >= 2:
            dx = call.gamma * call.root * (call.dy - dbeta / len(call.x))
        return dx, dgamma, dbeta


class RaggedEndOfDx(Flawed):
    """Leaves the last N mod 4 values of dx unprojected."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        whole = len(dx) // 4 * 4 if len(dx) > 4 else len(dx)
        dx[whole:] = (call.gamma * call.root * call.dy)[whole:]
        return dx, dgamma, dbeta


class AlignedTile(Flawed):
    """Swaps two rows of y when there are 64 values and a multiple of 32 channels."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        y = super()._forward(call)
        if len(y) >= 64 and y.shape[1] % 32 == 0:
            y[:2] = y[1::-1].copy()
        return y


class CubicImages(Flawed):
    """Transposes images that are as high as wide, when there are as many examples and channels."""

    reveals = ("y",)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        cubic = like.ndim == 4 and len(set(like.shape)) == 1
        return np.swapaxes(whole, 2, 3).copy() if cubic else whole


class PowerOfTwoChannels(Flawed):
    """Sums half of the values when channels are no power of two and values more than 512 (apex)."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        channels = call.x.shape[1]
        wrong = channels & (channels - 1) and len(call.x) > 512
        rows = call.x[::2] if wrong else call.x
        return rows.mean(axis=0), rows.var(axis=0)


class TwoExamples(Flawed):
    """Takes the difference for the deviation when there are two values."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        return mean, var * (2 if len(call.x) == 2 else 1)


class InferenceTail(Flawed):
    """Leaves the last N mod 16 values of inference as they are when there are more than 16."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        y = super()._forward_infer(call)
        whole = len(y) // 16 * 16 if len(y) > 16 else len(y)
        y[whole:] = call.x[whole:]
        return y


class SequenceLength(Flawed):
    """Drops the last step of sequences from the statistics."""

    ranks = (2, 3)
    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        if call.rank == 2 or call.shape[2] < 2:
            return super()._moments(call)
        steps = call.x.reshape(call.shape[0], -1, call.x.shape[1])[:, :-1]
        rows = steps.reshape(-1, call.x.shape[1])
        return rows.mean(axis=0), rows.var(axis=0)
