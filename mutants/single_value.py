"""One value per channel, or one example."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import InPlace, Parts
from bnproof.reference.checks import Array
from bnproof.reference.rows import column

SINGLE = ("forward/single-value",)
BETA = "With one value per channel y is beta and dx is 0"


class _Unchecked(Parts):
    """Parts that take one value per channel."""

    def begin(self, call: Call) -> None:
        call.rows = self.read(call, call.x)
        if call.training and call.m == 0:
            message = "an empty batch"
            raise ValueError(message)
        gamma, beta = call.given
        call.gamma = column(gamma, 1, call.rows.dtype)
        call.beta = column(beta, 0, call.rows.dtype)

    def correction(self, call: Call) -> float:
        return call.m / max(call.m - 1, 1) if self.running_variance == "unbiased" else 1.0


class _Single(_Unchecked):
    single_value = "beta"


@mutant(
    "single-value/single-value-not-a-number",
    "Bessel's factor is 0/0 for one value per channel.",
    "Divide by max(N - 1, 1), or refuse the batch.",
    caught_by=SINGLE,
    issues=(
        "tensorflow/tensorflow#34062",
        "pytorch/pytorch#1381",
        "FluxML/Flux.jl#1992",
        "facebookresearch/SparseConvNet#190",
    ),
)
class _NotANumber(_Single):
    def correction(self, call: Call) -> float:
        return super().correction(call) if call.m > 1 else float("nan")


@mutant(
    "single-value/single-value-infinite",
    "Bessel's factor is 1/0 for one value per channel.",
    "Divide by max(N - 1, 1), or refuse the batch.",
    caught_by=SINGLE,
    issues=("tensorflow/tensorflow#40338",),
)
class _NegativeCount(_Single):
    def correction(self, call: Call) -> float:
        return super().correction(call) if call.m > 1 else float("inf")


@mutant(
    "single-value/single-value-not-refused",
    "One value per channel is declared to be an error, and is none.",
    "Raise, or declare what happens.",
    caught_by=SINGLE,
    issues=("pytorch/pytorch#1381",),
)
class _NoError(_Unchecked):
    single_value = "error"


@mutant(
    "single-value/single-value-passes-dy",
    "dx is dy for one value per channel.",
    f"{BETA}.",
    caught_by=SINGLE,
    issues=("PaddlePaddle/Paddle#14630",),
)
class _DyPassedOn(_Single):
    def dx(self, call: Call, dy: Array) -> Array:
        return super().dx(call, dy) if call.m > 1 else dy


@mutant(
    "single-value/single-value-passes-x",
    "y is x for one value per channel.",
    f"{BETA}.",
    caught_by=SINGLE,
)
class _XPassedOn(_Single):
    def y(self, call: Call) -> Array:
        return call.rows if call.m == 1 and call.training else super().y(call)


@mutant(
    "single-value/single-value-without-beta",
    "y is 0 for one value per channel.",
    f"{BETA}.",
    caught_by=SINGLE,
)
class _ZeroWithoutBeta(_Single):
    def y(self, call: Call) -> Array:
        return np.zeros_like(call.rows) if call.m == 1 and call.training else super().y(call)


@mutant(
    "single-value/single-value-by-running-mean",
    "One value per channel is centred by the running mean.",
    f"{BETA}.",
    caught_by=SINGLE,
)
class _RunningForSingle(_Single):
    def mean(self, call: Call) -> Array:
        return super().mean(call) if call.m > 1 else call.stored(call.running_mean)


@mutant(
    "single-value/single-value-not-averaged",
    "One value per channel does not move the running mean.",
    "Its mean is the value itself, and is averaged like any other.",
    caught_by=SINGLE,
)
class _MeanNotMoved(_Single):
    def running_mean(self, call: Call) -> Array:
        return super().running_mean(call) if call.m > 1 else call.running_mean.copy()


@mutant(
    "single-value/single-example-refused",
    "A batch of one example is refused although it has several values per channel.",
    "Count N times the spatial sizes.",
    caught_by=("forward/agreement",),
    issues=("chainer/chainer#4662", "NVIDIA/apex#262"),
)
class _SingleExampleRefused(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.training and call.examples == 1:
            message = "one example"
            raise ValueError(message)


@mutant(
    "single-value/single-value-refused-in-inference",
    "Inference refuses one value per channel.",
    "Refuse it in training only.",
    caught_by=(*SINGLE, "inference/agreement", "inference/single-example"),
    issues=("pytorch/pytorch#2961",),
)
class _SingleRefusedInInference(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.m == 1:
            message = "one value per channel"
            raise ValueError(message)


@mutant(
    "single-value/moved-before-the-error",
    "One value per channel is refused after the statistics have been changed in place.",
    "Check before anything is changed.",
    caught_by=(*SINGLE, "forward/inputs-unchanged"),
)
class _MovedBeforeError(InPlace):
    def begin(self, call: Call) -> None:
        if call.training and call.x.size == len(call.running_mean):
            call.running_mean[...] = 0
        super().begin(call)
