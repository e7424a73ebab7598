"""Training and inference mixed up: whose statistics are used, and who moves them."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

INFERENCE = ("inference/agreement", "inference/single-example")
TRAINING = ("forward/agreement", "forward/independent-of-running-statistics")
USE_RUNNING = "In inference use the running statistics"


def batch_statistics(parts: Parts, call: Call) -> tuple[Array, Array]:
    """The mean and the biased variance of what inference is given."""
    call.mean = parts.mean(call)
    return call.mean, parts.var(call)


@mutant(
    "mode/batch-statistics-in-inference",
    "Inference normalises by the statistics of the batch.",
    f"{USE_RUNNING}.",
    caught_by=(*INFERENCE, "inference/example-independence"),
    issues=(
        "apache/tvm#19574",
        "ooples/AiDotNet.Tensors#27",
        "PaddlePaddle/Paddle#74140",
        "jax-ml/jax#139",
        "pytorch/pytorch#75252",
    ),
)
class _BatchInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        return batch_statistics(self, call)


@mutant(
    "mode/batch-statistics-unless-single",
    "Inference uses the running statistics for a single value only.",
    f"{USE_RUNNING}, whatever the batch size.",
    caught_by=(*INFERENCE, "inference/example-independence"),
)
class _BatchUnlessSingle(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        return batch_statistics(self, call) if call.m > 1 else super().statistics(call)


@mutant(
    "mode/batch-variance-in-inference",
    "Inference takes the mean from the running statistics, the variance from the batch.",
    f"{USE_RUNNING}, both of them.",
    caught_by=INFERENCE,
)
class _BatchVarInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        return super().statistics(call)[0], batch_statistics(self, call)[1]


@mutant(
    "mode/batch-mean-in-inference",
    "Inference takes the variance from the running statistics, the mean from the batch.",
    f"{USE_RUNNING}, both of them.",
    caught_by=INFERENCE,
)
class _BatchMeanInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        return batch_statistics(self, call)[0], super().statistics(call)[1]


@mutant(
    "mode/blended-statistics-in-inference",
    "Inference updates the statistics and normalises by the result.",
    f"{USE_RUNNING} as they were given.",
    caught_by=INFERENCE,
    issues=("onnx/onnx#8442",),
)
class _BlendInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        stored = super().statistics(call)
        batch = batch_statistics(self, call)
        return 0.9 * stored[0] + 0.1 * batch[0], 0.9 * stored[1] + 0.1 * batch[1]


@mutant(
    "mode/initial-statistics-in-inference",
    "Inference normalises by mean 0 and variance 1.",
    f"{USE_RUNNING}.",
    caught_by=INFERENCE,
    issues=("FluxML/NNlib.jl#576",),
)
class _InitialStatistics(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return np.zeros_like(mean), np.ones_like(var)


@mutant(
    "mode/statistics-interchanged-in-inference",
    "Inference takes the running variance for the mean, and the mean for the variance.",
    "Mind the order: running_mean, running_var.",
    caught_by=INFERENCE,
    issues=("gmalivenko/pytorch2keras#120",),
)
class _Interchanged(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return var, np.abs(mean)


@mutant(
    "mode/variance-taken-for-std",
    "Inference takes the running variance for a standard deviation.",
    "Divide by sqrt(running_var + eps).",
    caught_by=INFERENCE,
)
class _StdExpected(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, var * var


@mutant(
    "mode/bessel-in-inference",
    "Inference multiplies the running variance by N / (N - 1), N of its own batch.",
    "Use the running variance as it is stored.",
    caught_by=("inference/agreement",),
)
class _Bessel(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, var * (call.m / max(call.m - 1, 1))


@mutant(
    "mode/inference-moves-statistics",
    "Inference updates the running statistics.",
    "Only training does.",
    caught_by=("running/untouched-by-inference",),
    issues=("FluxML/Flux.jl#1429", "chainer/chainer#1580", "keras-team/keras#7085"),
)
class _InferenceMoves(Parts):
    def kept(self, call: Call) -> tuple[Array, Array]:
        mean, var = batch_statistics(self, call)
        old_mean, old_var = call.running_mean, call.running_var
        moved = 0.9 * old_mean + 0.1 * mean[:, 0], 0.9 * old_var + 0.1 * var[:, 0]
        return moved[0].astype(old_mean.dtype), moved[1].astype(old_var.dtype)


@mutant(
    "mode/inference-resets-statistics",
    "Inference returns initial statistics.",
    "Return the statistics as they were given.",
    caught_by=("running/untouched-by-inference",),
)
class _InferenceResets(Parts):
    def kept(self, call: Call) -> tuple[Array, Array]:
        return np.zeros_like(call.running_mean), np.ones_like(call.running_var)


@mutant(
    "mode/no-parameters-in-inference",
    "Inference uses neither gamma nor beta.",
    "y = gamma xhat + beta, in inference too.",
    caught_by=INFERENCE,
    issues=("apache/mxnet#3037",),
)
class _InferenceWithoutAffine(Parts):
    def infer_y(self, call: Call) -> Array:
        return call.xhat


@mutant(
    "mode/running-statistics-in-training",
    "Training normalises by the running statistics.",
    "Normalise by the statistics of the batch.",
    caught_by=TRAINING,
    issues=("keras-team/keras#708", "patrick-kidger/equinox#948"),
)
class _RunningInTraining(Parts):
    def mean(self, call: Call) -> Array:
        return self.statistics(call)[0]

    def var(self, call: Call) -> Array:
        return self.statistics(call)[1]

    def new_mean(self, call: Call) -> Array:
        return Parts.mean(self, call)

    def new_var(self, call: Call) -> Array:
        centred = call.rows - Parts.mean(self, call)
        return np.asarray(self.correction(call) * self.pool(call, centred * centred))


@mutant(
    "mode/updated-statistics-in-training",
    "Training updates the running statistics and normalises by the result.",
    "Normalise by the statistics of the batch.",
    caught_by=TRAINING,
    issues=("apache/systemds#390", "bonlime/pytorch-tools#97", "patrick-kidger/equinox#675"),
)
class _UpdatedInTraining(_RunningInTraining):
    def mean(self, call: Call) -> Array:
        return call.stored(self.running_mean(call))

    def var(self, call: Call) -> Array:
        return call.stored(self.running_var(call))


@mutant(
    "mode/running-mean-in-training",
    "Training subtracts the running mean.",
    "Subtract the mean of the batch.",
    caught_by=(*TRAINING, "forward/zero-mean"),
)
class _RunningMeanInTraining(Parts):
    def xhat(self, call: Call) -> Array:
        mean = call.stored(call.running_mean)
        return np.asarray((call.rows - mean) * call.inv_std)


@mutant(
    "mode/single-example-infers",
    "A training batch of one example is normalised by the running statistics.",
    "With more than one value per channel it is a batch like any other.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
)
class _SmallBatchInfers(Parts):
    def xhat(self, call: Call) -> Array:
        if call.training and call.examples == 1:
            call.mean, call.var = self.statistics(call)
            call.inv_std = self.inv_std(call)
        return super().xhat(call)
