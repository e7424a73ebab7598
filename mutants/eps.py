"""eps in the wrong place, or another one."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

TRAINING = ("forward/agreement", "forward/unit-variance")
INFERENCE = ("inference/agreement", "inference/folding")
BACKWARD = ("backward/agreement", "backward/finite-differences")
RUNNING = ("running/one-step", "running/convergence")


class _Outside(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (np.sqrt(call.var) + call.eps))


class _None(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var))


class _NoneInInference(Parts):
    def inv_std(self, call: Call) -> Array:
        return super().inv_std(call) if call.training else np.asarray(1 / np.sqrt(call.var))


class _NoneInTraining(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var)) if call.training else super().inv_std(call)


class _Maximum(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.maximum(call.var, call.eps)))


class _OnlyForZero(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.where(call.var == 0, call.eps, call.var)))


class _Squared(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps**2))


class _Rooted(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps**0.5))


class _Twice(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + 2 * call.eps))


class _Relative(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var * (1 + call.eps)))


class _Subtracted(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.abs(call.var - call.eps)))


class _DividedByCount(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps / call.m))


class _AtLeast(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + max(call.eps, 1e-5)))


class _Default(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + 1e-5))


class _DefaultInInference(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + (call.eps if call.training else 1e-3)))


class _InRunningVar(Parts):
    def new_var(self, call: Call) -> Array:
        return np.asarray(super().new_var(call) + call.eps)


class _TwiceInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, var + call.eps


class _TakenOffRunningVar(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, np.maximum(var - call.eps, 0)


class _MissingInBackward(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var))


class _OutsideInBackward(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / (np.sqrt(call.var) + call.eps))


class _MissingInVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * (call.var + call.eps) / call.var)


class _ThreePlacements(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        direct = dxhat / (np.sqrt(call.var) + call.eps)
        mean_term = self.mean_term(call, dxhat) / np.sqrt(call.var + call.eps)
        return np.asarray(direct - mean_term - self.var_term(call, dxhat) * call.inv_std)


class _AddedToY(Parts):
    def xhat(self, call: Call) -> Array:
        return np.asarray((call.rows - call.mean + call.eps) * call.inv_std)


MUTANTS = (
    Mutant(
        "eps/outside-the-root",
        "eps is added to the standard deviation, outside the root.",
        "Add eps to the variance: 1 / sqrt(var + eps).",
        ("Tencent/ncnn#311", "pytorch/pytorch#1804"),
        (*TRAINING, *INFERENCE),
        _Outside,
    ),
    Mutant(
        "eps/none",
        "eps is not used.",
        "Add eps to the variance.",
        ("pytorch/vision#2169", "pytorch/vision#2190"),
        (*TRAINING, *INFERENCE),
        _None,
    ),
    Mutant(
        "eps/none-in-inference",
        "Inference does not use eps.",
        "Add eps to the running variance, as training adds it to the batch's.",
        ("chainer/chainer#2214", "pytorch/vision#2933"),
        INFERENCE,
        _NoneInInference,
    ),
    Mutant(
        "eps/none-in-training",
        "Training does not use eps.",
        "Add eps to the variance of the batch.",
        (),
        TRAINING,
        _NoneInTraining,
    ),
    Mutant(
        "eps/maximum",
        "The larger of var and eps is taken instead of their sum.",
        "Add eps to the variance.",
        ("tensorflow/tensorflow#59309",),
        (*TRAINING, *INFERENCE),
        _Maximum,
    ),
    Mutant(
        "eps/only-for-zero-variance",
        "eps is used only where the variance is 0.",
        "Add eps to every variance.",
        (),
        (*TRAINING, *INFERENCE),
        _OnlyForZero,
    ),
    Mutant(
        "eps/squared",
        "The square of eps is added to the variance.",
        "Add eps itself: it is of the dimension of a variance.",
        (),
        (*TRAINING, *INFERENCE),
        _Squared,
    ),
    Mutant(
        "eps/rooted",
        "The square root of eps is added to the variance.",
        "Add eps itself.",
        (),
        (*TRAINING, *INFERENCE),
        _Rooted,
    ),
    Mutant(
        "eps/twice",
        "eps is added twice, in training and in inference.",
        "Add it once.",
        (),
        (*TRAINING, *INFERENCE),
        _Twice,
    ),
    Mutant(
        "eps/relative",
        "eps is multiplied with the variance: var (1 + eps).",
        "Add eps to the variance.",
        (),
        (*TRAINING, *INFERENCE),
        _Relative,
    ),
    Mutant(
        "eps/subtracted",
        "eps is subtracted from the variance.",
        "Add eps.",
        (),
        (*TRAINING, *INFERENCE),
        _Subtracted,
    ),
    Mutant(
        "eps/divided-by-count",
        "eps is added to the sum of squares, before it is divided by the number of values.",
        "Divide the sum of squares first, then add eps.",
        (),
        (*TRAINING, *INFERENCE),
        _DividedByCount,
    ),
    Mutant(
        "eps/at-least-1e-5",
        "An eps below 1e-5 is raised to 1e-5 without a word.",
        "Use the eps that was given, or refuse it.",
        (),
        (*TRAINING, *INFERENCE),
        _AtLeast,
    ),
    Mutant(
        "eps/default",
        "The eps that is given is ignored, 1e-5 is used.",
        "Hand eps on to where it is used.",
        ("qualcomm/aimet#1957", "Tencent/ncnn#218"),
        (*TRAINING, *INFERENCE),
        _Default,
    ),
    Mutant(
        "eps/default-in-inference",
        "Inference uses an eps of its own, 1e-3.",
        "Use the eps of training in inference.",
        ("chainer/chainer#4858", "ceccocats/tkDNN#167", "qqwweee/keras-yolo3#451"),
        (*INFERENCE, "inference/equals-training"),
        _DefaultInInference,
    ),
    Mutant(
        "eps/in-running-variance",
        "The running variance averages var + eps.",
        "Average var; eps is added when it is used.",
        ("nntrainer/nntrainer#677", "chainer/chainer#7104", "keras-team/keras-contrib#287"),
        RUNNING,
        _InRunningVar,
    ),
    Mutant(
        "eps/twice-in-inference",
        "Inference adds eps twice.",
        "Add it once.",
        ("chainer/chainer#4505",),
        INFERENCE,
        _TwiceInInference,
    ),
    Mutant(
        "eps/taken-off-running-variance",
        "eps is subtracted from the stored running variance.",
        "Use the running variance as it is stored.",
        ("facebookresearch/detectron2#3160", "shicai/MobileNet-Caffe#87"),
        INFERENCE,
        _TakenOffRunningVar,
    ),
    Mutant(
        "eps/missing-in-backward",
        "dx is scaled by 1 / sqrt(var), without eps.",
        "Use the inv_std of the forward pass.",
        (),
        BACKWARD,
        _MissingInBackward,
    ),
    Mutant(
        "eps/outside-in-backward",
        "dx is scaled by 1 / (sqrt(var) + eps), unlike the forward pass.",
        "Use the inv_std of the forward pass.",
        (),
        BACKWARD,
        _OutsideInBackward,
    ),
    Mutant(
        "eps/missing-in-variance-term",
        "The variance's part of dx divides by var where it is var + eps.",
        "The derivative of inv_std by var is -inv_std^3 / 2, with eps in inv_std.",
        (),
        (*BACKWARD, "backward/along-xhat"),
        _MissingInVarTerm,
    ),
    Mutant(
        "eps/two-placements-in-backward",
        "The direct term of dx has eps outside the root, the others inside.",
        "Use the inv_std of the forward pass in all terms.",
        (),
        (*BACKWARD, "backward/sum-zero"),
        _ThreePlacements,
    ),
    Mutant(
        "eps/added-to-the-numerator",
        "eps is added to the centred x.",
        "Add it to the variance only.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _AddedToY,
    ),
)
