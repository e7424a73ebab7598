"""NaN and infinity that are hidden, spread to other results, or appear where none should be."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts
from bnproof.reference.checks import Array

FORWARD = ("forward/nonfinite-confinement", "forward/nonfinite-values")
BACKWARD = ("backward/nonfinite-confinement", "backward/nonfinite-values", "backward/agreement")
INFERENCE = ("inference/nonfinite", "inference/agreement")
GRADIENTS = ("inference/nonfinite-gradients", "inference/gradients")
RUNNING = ("running/nonfinite", "running/one-step", "forward/nonfinite-confinement")
SPOILED = ("nan ", "inf ")
"""What the names of cases with NaN or infinity begin with."""


@mutant(
    "nonfinite/x-to-numbers",
    "NaN in x becomes 0 and infinity the largest number.",
    "Let them through: they say that something is wrong.",
    caught_by=(*FORWARD, *INFERENCE),
    shown_by=SPOILED,
)
class _XToNumbers(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return np.nan_to_num(super().read(call, x))


@mutant(
    "nonfinite/x-to-numbers-in-inference",
    "In inference NaN in x becomes 0.",
    "Let it through.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _XToNumbersInInference(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x)
        return rows if call.training else np.nan_to_num(rows)


@mutant(
    "nonfinite/dy-to-numbers",
    "NaN in dy becomes 0 and infinity the largest number.",
    "Let them through.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _DyToNumbers(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return np.nan_to_num(super().read_dy(call, dy))


@mutant(
    "nonfinite/statistics-to-numbers",
    "A running mean that is NaN counts as 0 in inference, a variance that is infinite as finite.",
    "Let them through.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _StatisticsToNumbers(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return np.nan_to_num(mean), np.nan_to_num(var)


@mutant(
    "nonfinite/means-without-nan",
    "Means leave NaN out, as np.nanmean does.",
    "A mean with NaN in it is NaN.",
    caught_by=FORWARD,
    shown_by=SPOILED,
)
class _MeansWithoutNan(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        fine = ~np.isnan(rows)
        return np.asarray(np.nansum(rows, axis=1, keepdims=True) / fine.sum(axis=1, keepdims=True))


def _zeroed(a: Array) -> Array:
    return np.where(np.isfinite(a), a, 0).astype(a.dtype)


@mutant(
    "nonfinite/gradients-zeroed",
    "Gradients that are not finite become 0.",
    "Leave that to whoever trains: a zero hides where the run broke.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _GradientsZeroed(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, *parameters = super().gradients(call, dy)
        dgamma, dbeta = (None if a is None else _zeroed(a) for a in parameters)
        return _zeroed(dx), dgamma, dbeta


@mutant(
    "nonfinite/infinite-y-clipped",
    "An infinite y becomes the largest number.",
    "Leave it infinite.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _InfiniteYClipped(Parts):
    def infer_y(self, call: Call) -> Array:
        most = np.finfo(np.float16).max
        y = super().infer_y(call)
        return np.where(np.isinf(y), np.sign(y) * most, y)


@mutant(
    "nonfinite/infinite-dx-clipped",
    "dx is clipped to numbers, in inference as well.",
    "Leave it infinite.",
    caught_by=GRADIENTS,
    shown_by=SPOILED,
)
class _InfiniteDxClipped(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return np.clip(super().infer_dx(call, dy), -60000.0, 60000.0)


@mutant(
    "nonfinite/pairs-of-channels",
    "Two channels are summed together and taken apart by their difference.",
    "Sum each channel alone.",
    caught_by=(*FORWARD, "forward/agreement"),
    shown_by=SPOILED,
)
class _PairsOfChannels(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        means = super().pool(call, rows)
        even = len(means) // 2 * 2
        first, second = means[:even:2], means[1:even:2]
        added, taken = first + second, first - second
        spoiled = ~np.isfinite(added)  # where it is a number, it is the right one
        out = means.copy()
        out[:even:2] = np.where(spoiled, added + taken, first)
        out[1:even:2] = np.where(spoiled, added - taken, second)
        return out


@mutant(
    "nonfinite/dbeta-with-neighbour",
    "dbeta of the next channel is NaN as well.",
    "Sum each channel alone.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _DbetaWithNeighbour(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        sums = super().dbeta(call, dy)
        return np.asarray(sums + np.roll(sums, 1, axis=0) * 0)


@mutant(
    "nonfinite/variance-reset-for-all",
    "A running variance that is NaN resets those of all channels to 1.",
    "Leave the other channels alone.",
    caught_by=RUNNING,
    shown_by=SPOILED,
)
class _VarianceResetForAll(Parts):
    def running_var(self, call: Call) -> Array:
        moved = super().running_var(call)
        return np.ones_like(moved) if np.isnan(np.asarray(moved, np.float64)).any() else moved


@mutant(
    "nonfinite/mean-restarts",
    "A running mean that is NaN starts again from the batch.",
    "It stays NaN: nothing says what it was.",
    caught_by=RUNNING,
    shown_by=SPOILED,
)
class _MeanRestarts(Parts):
    def running_mean(self, call: Call) -> Array:
        moved = super().running_mean(call)
        fresh = self.new_mean(call)[:, 0].astype(moved.dtype)
        return np.where(np.isnan(np.asarray(moved, np.float64)), fresh, moved)


@mutant(
    "nonfinite/update-skipped-for-all",
    "The running statistics are not updated if any channel is not finite.",
    "Update the channels that are.",
    caught_by=RUNNING,
    shown_by=SPOILED,
)
class _UpdateSkippedForAll(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old, new) if np.isfinite(new).all() else old.copy()


@mutant(
    "nonfinite/mean-spreads-to-variance",
    "A running mean that is NaN makes the running variance NaN.",
    "The two averages do not know of each other.",
    caught_by=RUNNING,
    shown_by=SPOILED,
)
class _MeanSpreadsToVariance(Parts):
    def new_var(self, call: Call) -> Array:
        moved = call.stored(call.running_mean)
        return np.asarray(super().new_var(call) + 0 * moved)


@mutant(
    "nonfinite/dx-of-inference-masked-by-zero",
    "The terms of training are multiplied by 0 in inference: NaN in x makes dx NaN.",
    "Leave them out; 0 times NaN is NaN.",
    caught_by=GRADIENTS,
    shown_by=SPOILED,
)
class _MaskedByZero(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(self.dx_scale(call) * (dxhat - 0 * terms))


@mutant(
    "nonfinite/dx-of-inference-needs-xhat",
    "dx of inference is NaN where xhat is.",
    "It depends on gamma, the variance and dy alone.",
    caught_by=GRADIENTS,
    shown_by=SPOILED,
)
class _NeedsXhat(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().infer_dx(call, dy) + 0 * call.xhat)


@mutant(
    "nonfinite/beta-in-gradients",
    "xhat is recovered from y, so that NaN in beta reaches the gradients.",
    "Keep xhat; no gradient depends on beta.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _BetaInGradients(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dgamma(call, dy) + (call.beta - call.beta))


@mutant(
    "nonfinite/inverse-root-of-infinity",
    "An infinite running variance gives the inverse root of 1.",
    "It gives 0, and y is beta.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _InverseRootOfInfinity(Parts):
    def inv_std(self, call: Call) -> Array:
        made = super().inv_std(call)
        return np.where(np.isposinf(call.var), 1, made).astype(made.dtype)


@mutant(
    "nonfinite/scaled-by-the-largest",
    "Inference divides a channel by its largest |x| first: one infinity spoils all of it.",
    "Each y of inference depends on its own x.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _ScaledByTheLargest(Parts):
    def infer_y(self, call: Call) -> Array:
        most = np.abs(call.rows).max(axis=1, keepdims=True, initial=1)
        y = super().infer_y(call)
        return np.where(np.isfinite(most), y, y * (most / most))


@mutant(
    "nonfinite/sums-without-nan",
    "dgamma and dbeta leave NaN out, as np.nansum does.",
    "A sum with NaN in it is NaN.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _SumsWithoutNan(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(np.nansum(dy * call.xhat, axis=1, keepdims=True))

    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(np.nansum(dy, axis=1, keepdims=True))


@mutant(
    "nonfinite/y-is-beta",
    "y is beta where xhat is NaN.",
    "y is NaN there.",
    caught_by=(*FORWARD, *INFERENCE),
    shown_by=SPOILED,
)
class _YIsBeta(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.where(np.isnan(call.xhat), call.beta, y).astype(y.dtype)


@mutant(
    "nonfinite/gamma-to-one",
    "gamma that is NaN counts as 1.",
    "y is NaN there.",
    caught_by=(*FORWARD, *INFERENCE),
    shown_by=SPOILED,
)
class _GammaToOne(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = np.where(np.isnan(call.gamma), 1, call.gamma).astype(call.gamma.dtype)


@mutant(
    "nonfinite/all-or-nothing",
    "If any x is NaN, all y are.",
    "Channels do not know of each other.",
    caught_by=(*FORWARD, "forward/agreement"),
    shown_by=SPOILED,
)
class _AllOrNothing(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.full_like(y, np.nan) if np.isnan(call.rows).any() else y


@mutant(
    "nonfinite/channel-or-nothing",
    "In inference NaN in an element of x spoils its whole channel.",
    "Each y of inference depends on its own x.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _ChannelOrNothing(Parts):
    def infer_y(self, call: Call) -> Array:
        return np.asarray(super().infer_y(call) + 0 * call.rows.sum(axis=1, keepdims=True))


@mutant(
    "nonfinite/dbeta-with-x",
    "dbeta is NaN where x is.",
    "dbeta is the sum of dy.",
    caught_by=(*BACKWARD, *GRADIENTS),
    shown_by=SPOILED,
)
class _DbetaWithX(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray((dy + 0 * call.xhat).sum(axis=1, keepdims=True))


@mutant(
    "nonfinite/sign-lost",
    "Infinity has lost its sign in y.",
    "gamma (-inf) is -inf for a positive gamma.",
    caught_by=INFERENCE,
    shown_by=SPOILED,
)
class _SignLost(Parts):
    def infer_y(self, call: Call) -> Array:
        y = super().infer_y(call)
        return np.where(np.isinf(y), np.abs(y), y)


@mutant(
    "nonfinite/old-statistics-in-training",
    "y of training is NaN where the running mean is.",
    "Training normalises by the batch alone.",
    caught_by=("forward/nonfinite-values", "forward/agreement"),
    shown_by=SPOILED,
)
class _OldStatisticsInTraining(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(super().mean(call) + 0 * call.stored(call.running_mean))


@mutant(
    "nonfinite/difference-in-sixteen-bits",
    "x - mean is formed in float16, where it may be infinite although both are not.",
    "Subtract in float32.",
    caught_by=("forward/agreement", "inference/agreement"),
    dtypes=("float16",),
    shown_by=("differences beyond",),
)
class _DifferenceInSixteenBits(Parts):
    def xhat(self, call: Call) -> Array:
        found = super().xhat(call)
        if call.x.dtype != np.float16:
            return found
        beyond = np.abs(call.rows - call.mean) > np.finfo(np.float16).max
        return np.where(beyond, np.sign(found) * np.inf, found).astype(found.dtype)
