"""One value per channel, no value at all, constant channels, absent parameters."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Gradients, InPlace, Parts, Results
from bnproof.reference.checks import Array
from bnproof.reference.rows import column

SINGLE = ("forward/single-value",)
EMPTY = ("forward/empty-batch",)


class _Unchecked(Parts):
    """Parts that take any number of values."""

    def begin(self, call: Call) -> None:
        call.rows = self.read(call, call.x)
        gamma, beta = call.given
        call.gamma = column(gamma, 1, call.rows.dtype)
        call.beta = column(beta, 0, call.rows.dtype)

    def correction(self, call: Call) -> float:
        return call.m / max(call.m - 1, 1) if self.running_variance == "unbiased" else 1.0


class _Single(_Unchecked):
    single_value = "beta"


class _NoError(_Unchecked):
    single_value = "error"


class _NotANumber(_Single):
    def correction(self, call: Call) -> float:
        return super().correction(call) if call.m > 1 else float("nan")


class _DyPassedOn(_Single):
    def dx(self, call: Call, dy: Array) -> Array:
        return super().dx(call, dy) if call.m > 1 else dy


class _XPassedOn(_Single):
    def y(self, call: Call) -> Array:
        return call.rows if call.m == 1 and call.training else super().y(call)


class _ZeroWithoutBeta(_Single):
    def y(self, call: Call) -> Array:
        return np.zeros_like(call.rows) if call.m == 1 and call.training else super().y(call)


class _NegativeCount(_Single):
    def correction(self, call: Call) -> float:
        return super().correction(call) if call.m > 1 else float("inf")


class _RunningForSingle(_Single):
    def mean(self, call: Call) -> Array:
        return super().mean(call) if call.m > 1 else call.stored(call.running_mean)


class _MeanNotMoved(_Single):
    def running_mean(self, call: Call) -> Array:
        return super().running_mean(call) if call.m > 1 else call.running_mean.copy()


class _SingleExampleRefused(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.training and call.examples == 1:
            message = "one example"
            raise ValueError(message)


class _SingleRefusedInInference(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.m == 1:
            message = "one value per channel"
            raise ValueError(message)


class _MovedBeforeError(InPlace):
    def begin(self, call: Call) -> None:
        if call.training and call.x.size == len(call.running_mean):
            call.running_mean[...] = 0
        super().begin(call)


class _Empty(Parts):
    """Parts that return an empty y for an empty batch."""

    empty = "empty"

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        if x.size:
            return super().train(x, *arguments, **settings)
        gamma, beta, mean, var = arguments

        def backward(dy: Array) -> Gradients:
            return dy.copy(), np.zeros_like(gamma), np.zeros_like(beta)

        return x.copy(), *self.left_by_nothing(mean, var), backward

    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        """The statistics after an empty batch."""
        return mean.copy(), var.copy()


class _EmptyNotANumber(_Empty):
    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        return mean * np.float32(np.nan), var * np.float32(np.nan)


class _EmptyZero(_Empty):
    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        return mean * np.float32(0.875), var * np.float32(0.875)


class _EmptyRaises(Parts):
    empty = "empty"


class _EmptyAccepted(_Empty):
    empty = "error"


class _ConstantToZero(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.where(call.var == 0, 0, y) if call.training else y


class _ConstantPassedOn(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.where(call.var == 0, call.rows, y) if call.training else y


class _SmallVarianceIsOne(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.where(call.var < 2.0**-10, 1, super().inv_std(call)).astype(call.var.dtype)


class _ZeroGammaSkipped(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.where(call.gamma == 0, 0, super().dgamma(call, dy)).astype(dy.dtype)


class _DividedByGamma(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * (call.xhat + call.beta / call.gamma))


class _Optional(Parts):
    affine_parameters = "optional"


class _AbsentGammaIsZero(_Optional):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is None:
            call.gamma = np.zeros_like(call.gamma)


class _AbsentRaises(_Optional):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is None and not call.training:
            message = "inference needs gamma"
            raise ValueError(message)


class _GradientOfAbsent(_Optional):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        found = super().gradients(call, dy)
        if call.given[0] is not None:
            return found
        return np.zeros_like(found[0]), found[1], found[2]


def _mutant(
    name: str,
    mistake: str,
    repair: str,
    make: type[Parts],
    caught_by: tuple[str, ...] = SINGLE,
    issues: tuple[str, ...] = (),
) -> Mutant:
    return Mutant(f"degenerate/{name}", mistake, repair, issues, caught_by, make)


BETA = "With one value per channel y is beta and dx is 0"

MUTANTS = (
    _mutant(
        "single-value-not-a-number",
        "Bessel's factor is 0/0 for one value per channel.",
        "Divide by max(N - 1, 1), or refuse the batch.",
        _NotANumber,
        SINGLE,
        (
            "tensorflow/tensorflow#34062",
            "pytorch/pytorch#1381",
            "FluxML/Flux.jl#1992",
            "facebookresearch/SparseConvNet#190",
        ),
    ),
    _mutant(
        "single-value-infinite",
        "Bessel's factor is 1/0 for one value per channel.",
        "Divide by max(N - 1, 1), or refuse the batch.",
        _NegativeCount,
        SINGLE,
        ("tensorflow/tensorflow#40338",),
    ),
    _mutant(
        "single-value-not-refused",
        "One value per channel is declared to be an error, and is none.",
        "Raise, or declare what happens.",
        _NoError,
        SINGLE,
        ("pytorch/pytorch#1381",),
    ),
    _mutant(
        "single-value-passes-dy",
        "dx is dy for one value per channel.",
        f"{BETA}.",
        _DyPassedOn,
        SINGLE,
        ("PaddlePaddle/Paddle#14630",),
    ),
    _mutant(
        "single-value-passes-x",
        "y is x for one value per channel.",
        f"{BETA}.",
        _XPassedOn,
    ),
    _mutant(
        "single-value-without-beta",
        "y is 0 for one value per channel.",
        f"{BETA}.",
        _ZeroWithoutBeta,
    ),
    _mutant(
        "single-value-by-running-mean",
        "One value per channel is centred by the running mean.",
        f"{BETA}.",
        _RunningForSingle,
    ),
    _mutant(
        "single-value-not-averaged",
        "One value per channel does not move the running mean.",
        "Its mean is the value itself, and is averaged like any other.",
        _MeanNotMoved,
    ),
    _mutant(
        "single-example-refused",
        "A batch of one example is refused although it has several values per channel.",
        "Count N times the spatial sizes.",
        _SingleExampleRefused,
        ("forward/agreement",),
        ("chainer/chainer#4662", "NVIDIA/apex#262"),
    ),
    _mutant(
        "single-value-refused-in-inference",
        "Inference refuses one value per channel.",
        "Refuse it in training only.",
        _SingleRefusedInInference,
        (*SINGLE, "inference/agreement", "inference/single-example"),
        ("pytorch/pytorch#2961",),
    ),
    _mutant(
        "moved-before-the-error",
        "One value per channel is refused after the statistics have been changed in place.",
        "Check before anything is changed.",
        _MovedBeforeError,
        (*SINGLE, "forward/inputs-unchanged"),
    ),
    _mutant(
        "empty-batch-not-a-number",
        "An empty batch makes the running statistics NaN.",
        "Leave them as they are.",
        _EmptyNotANumber,
        EMPTY,
        ("tensorflow/tensorflow#33444", "pytorch/pytorch#36530"),
    ),
    _mutant(
        "empty-batch-averaged",
        "An empty batch counts as one of zeros.",
        "Leave the running statistics as they are.",
        _EmptyZero,
        EMPTY,
        ("tensorflow/tensorflow#33444",),
    ),
    _mutant(
        "empty-batch-refused",
        "An empty batch is declared to give an empty y, and is refused.",
        "Return an empty y, or declare the error.",
        _EmptyRaises,
        EMPTY,
        ("pytorch/pytorch#37198",),
    ),
    _mutant(
        "empty-batch-not-refused",
        "An empty batch is declared to be an error, and is none.",
        "Raise, or declare what happens.",
        _EmptyAccepted,
        EMPTY,
    ),
    _mutant(
        "constant-channel-to-zero",
        "A constant channel gives 0, without beta.",
        "It gives beta.",
        _ConstantToZero,
        ("forward/constant-feature", "forward/agreement"),
    ),
    _mutant(
        "constant-channel-passed-on",
        "A constant channel is returned as it came.",
        "It gives beta.",
        _ConstantPassedOn,
        ("forward/constant-feature", "forward/agreement"),
    ),
    _mutant(
        "small-variance-is-one",
        "A variance below 1e-3 is taken for 1.",
        "eps is all the protection that is due.",
        _SmallVarianceIsOne,
        ("forward/agreement", "forward/unit-variance"),
    ),
    _mutant(
        "zero-gamma-has-no-gradient",
        "dgamma is 0 where gamma is 0, which then never leaves it.",
        "dgamma does not depend on gamma.",
        _ZeroGammaSkipped,
        ("backward/agreement",),
    ),
    _mutant(
        "divided-by-gamma",
        "beta is divided by gamma and multiplied by it again: NaN where gamma is 0.",
        "Add beta after scaling.",
        _DividedByGamma,
        ("forward/agreement",),
        ("pytorch/pytorch#85744",),
    ),
    _mutant(
        "absent-gamma-is-zero",
        "A gamma of None is taken for 0.",
        "It stands for 1.",
        _AbsentGammaIsZero,
        ("forward/agreement",),
    ),
    _mutant(
        "absent-gamma-refused-in-inference",
        "Inference refuses a gamma of None.",
        "Take it in both modes, or declare affine_parameters = 'required'.",
        _AbsentRaises,
        ("inference/agreement", "forward/agreement"),
    ),
    _mutant(
        "no-gradient-without-gamma",
        "dx is 0 where gamma is None.",
        "dx does not need gamma to be a parameter.",
        _GradientOfAbsent,
        ("backward/agreement",),
        ("apache/mxnet#18499",),
    ),
)
