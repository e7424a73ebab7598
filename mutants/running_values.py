"""Running statistics that average the wrong thing."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Conventions, mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

STEP = ("running/one-step", "running/many-steps")
VARIANCE = ("running/one-step", "running/bias-convention")
CONVERGENCE = ("running/one-step", "running/convergence")
UNBIASED = "Multiply the biased variance by N / (N - 1), N the number of values per channel"
CONVENTIONS: Conventions = {"running_variance": "unbiased"}


@mutant(
    "running-values/biased-for-unbiased",
    "The running variance takes the biased variance where the unbiased one is declared.",
    f"{UNBIASED}.",
    caught_by=VARIANCE,
    issues=(
        "tensorflow/tensorflow#55545",
        "tinygrad/tinygrad#807",
        "ml-explore/mlx#3817",
        "apache/mxnet#21111",
        "callummcdougall/ARENA_3.0#415",
        "tenstorrent/tt-metal#55438",
    ),
    conventions=CONVENTIONS,
)
class _BesselMissing(Parts):
    def correction(self, call: Call) -> float:
        return 1.0


@mutant(
    "running-values/unbiased-for-biased",
    "The running variance takes the unbiased variance where the biased one is declared.",
    "Average the variance that normalises, divided by N.",
    caught_by=VARIANCE,
    issues=("tensorflow/tensorflow#55545", "keras-team/keras#10443"),
    conventions={"running_variance": "biased"},
)
class _BesselSuperfluous(Parts):
    def correction(self, call: Call) -> float:
        return call.m / (call.m - 1)


@mutant(
    "running-values/bessel-twice",
    "Bessel's factor is applied twice.",
    f"{UNBIASED}, once.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _BesselTwice(Parts):
    def correction(self, call: Call) -> float:
        return super().correction(call) ** 2


@mutant(
    "running-values/bessel-inverted",
    "The variance is multiplied by (N - 1) / N.",
    f"{UNBIASED}.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _BesselInverted(Parts):
    def correction(self, call: Call) -> float:
        return 1 / super().correction(call)


@mutant(
    "running-values/bessel-by-examples",
    "Bessel's factor is that of the batch size, without the spatial sizes.",
    f"{UNBIASED}.",
    caught_by=VARIANCE,
    issues=("NervanaSystems/ngraph-tf#357", "rwth-i6/returnn#170"),
    conventions=CONVENTIONS,
)
class _BesselByExamples(Parts):
    def correction(self, call: Call) -> float:
        n = call.examples
        return n / max(n - 1, 1) if self.running_variance == "unbiased" else 1.0


@mutant(
    "running-values/bessel-by-all-values",
    "Bessel's factor is that of all values of all channels.",
    f"{UNBIASED}.",
    caught_by=VARIANCE,
    issues=("tinygrad/tinygrad#774",),
    conventions=CONVENTIONS,
)
class _BesselByChannels(Parts):
    def correction(self, call: Call) -> float:
        total, channels = call.rows.size, len(call.rows)
        if self.running_variance != "unbiased":
            return 1.0
        return total / max(total - 1, 1) if channels > 1 else super().correction(call)


@mutant(
    "running-values/bessel-for-the-mean",
    "Bessel's factor is applied to the mean as well.",
    "It corrects the variance alone.",
    caught_by=CONVERGENCE,
    issues=("chainer/chainer#332",),
    conventions=CONVENTIONS,
)
class _BesselForMean(Parts):
    def new_mean(self, call: Call) -> Array:
        return np.asarray(super().new_mean(call) * self.correction(call))


@mutant(
    "running-values/bessel-for-the-average",
    "Bessel's factor is applied to the average, old value and all.",
    "Apply it to the variance of the batch before it is averaged.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _BesselForOld(Parts):
    def running_var(self, call: Call) -> Array:
        unbiased = self.correction(call)
        return np.asarray((super().running_var(call) * unbiased).astype(call.running_var.dtype))


@mutant(
    "running-values/standard-deviation",
    "The running variance averages standard deviations.",
    "Average variances.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _StdStored(Parts):
    def new_var(self, call: Call) -> Array:
        return np.sqrt(super().new_var(call))


@mutant(
    "running-values/inverse-standard-deviation",
    "The running variance averages 1 / sqrt(var + eps).",
    "Average variances.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _InvStdStored(Parts):
    def new_var(self, call: Call) -> Array:
        return np.asarray(call.inv_std.mean(axis=1, keepdims=True))


@mutant(
    "running-values/sum-for-mean",
    "The running mean averages sums.",
    "Divide by the number of values.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _SumStored(Parts):
    def new_mean(self, call: Call) -> Array:
        return np.asarray(super().new_mean(call) * call.m)


@mutant(
    "running-values/about-the-running-mean",
    "The running variance takes squares about the running mean.",
    "Take the variance of the batch, about its own mean.",
    caught_by=("running/one-step",),
    conventions=CONVENTIONS,
)
class _AboutRunningMean(Parts):
    def new_var(self, call: Call) -> Array:
        off = call.rows - call.stored(call.running_mean)
        return np.asarray(self.correction(call) * (off * off).mean(axis=1, keepdims=True))


@mutant(
    "running-values/second-moment",
    "E[x^2] is averaged, and the square of the running mean subtracted from it.",
    "Average the variances of the batches.",
    caught_by=STEP,
    issues=("BVLC/caffe#3299",),
    conventions=CONVENTIONS,
)
class _SecondMoment(Parts):
    def running_var(self, call: Call) -> Array:
        old_mean, old_var = call.stored(call.running_mean), call.stored(call.running_var)
        square = self.new_var(call) + self.new_mean(call) ** 2
        moment = self.average(call, (old_var + old_mean**2)[:, 0], square)
        var = moment - self.running_mean(call).astype(moment.dtype) ** 2
        return np.asarray(var.astype(call.running_var.dtype))


@mutant(
    "running-values/of-the-outputs",
    "The statistics of y are averaged.",
    "Average those of x.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _OfOutputs(Parts):
    def new_mean(self, call: Call) -> Array:
        return np.asarray(self.y(call).mean(axis=1, keepdims=True))

    def new_var(self, call: Call) -> Array:
        return np.asarray(self.correction(call) * self.y(call).var(axis=1, keepdims=True))


@mutant(
    "running-values/of-the-first-example",
    "The running mean takes the mean of the first example.",
    "Take the mean of the batch.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _OfFirstExample(Parts):
    def new_mean(self, call: Call) -> Array:
        first = call.rows[:, : call.m // call.examples]
        return np.asarray(first.mean(axis=1, keepdims=True))


@mutant(
    "running-values/interchanged",
    "The running mean and variance are returned in the wrong order.",
    "Return (y, running_mean, running_var, backward).",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _Interchanged(Parts):
    def running_mean(self, call: Call) -> Array:
        return super().running_var(call)

    def running_var(self, call: Call) -> Array:
        return super().running_mean(call)


@mutant(
    "running-values/variance-at-least-eps",
    "The running variance is kept from falling below eps.",
    "Leave it as it is: eps is added when it is used.",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _AtLeastEps(Parts):
    def running_var(self, call: Call) -> Array:
        return np.maximum(super().running_var(call), np.float64(call.eps)).astype(
            call.running_var.dtype
        )


@mutant(
    "running-values/scaled-by-gamma",
    "The running variance is that of gamma x.",
    "Average the variance of x.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _ScaledByGamma(Parts):
    def new_var(self, call: Call) -> Array:
        return np.asarray(super().new_var(call) * call.gamma * call.gamma)


@mutant(
    "running-values/shared-by-the-channels",
    "The running variance is averaged over the channels.",
    "Keep one for each channel.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _SharedAcrossChannels(Parts):
    def new_var(self, call: Call) -> Array:
        return np.full_like(call.mean[:, :1], super().new_var(call).mean())


@mutant(
    "running-values/not-finite-skipped",
    "A batch with NaN or infinity leaves the statistics as they are, and nobody hears of it.",
    "Let NaN through.",
    caught_by=("forward/nonfinite-confinement",),
    conventions=CONVENTIONS,
)
class _NotFiniteSkipped(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        moved = super().average(call, old, new)
        return np.where(np.isfinite(moved), moved, old)
