"""eps in the wrong place, or another one."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

TRAINING = ("forward/agreement", "forward/unit-variance")
INFERENCE = ("inference/agreement", "inference/folding")
BACKWARD = ("backward/agreement", "backward/finite-differences")
RUNNING = ("running/one-step", "running/convergence")


@mutant(
    "eps/outside-the-root",
    "eps is added to the standard deviation, outside the root.",
    "Add eps to the variance: 1 / sqrt(var + eps).",
    caught_by=(*TRAINING, *INFERENCE),
    issues=("Tencent/ncnn#311", "pytorch/pytorch#1804"),
)
class _Outside(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (np.sqrt(call.var) + call.eps))


@mutant(
    "eps/none",
    "eps is not used.",
    "Add eps to the variance.",
    caught_by=(*TRAINING, *INFERENCE),
    issues=("pytorch/vision#2169", "pytorch/vision#2190"),
)
class _None(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var))


@mutant(
    "eps/none-in-inference",
    "Inference does not use eps.",
    "Add eps to the running variance, as training adds it to the batch's.",
    caught_by=INFERENCE,
    issues=("chainer/chainer#2214", "pytorch/vision#2933"),
)
class _NoneInInference(Parts):
    def inv_std(self, call: Call) -> Array:
        return super().inv_std(call) if call.training else np.asarray(1 / np.sqrt(call.var))


@mutant(
    "eps/none-in-training",
    "Training does not use eps.",
    "Add eps to the variance of the batch.",
    caught_by=TRAINING,
)
class _NoneInTraining(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var)) if call.training else super().inv_std(call)


@mutant(
    "eps/maximum",
    "The larger of var and eps is taken instead of their sum.",
    "Add eps to the variance.",
    caught_by=(*TRAINING, *INFERENCE),
    issues=("tensorflow/tensorflow#59309",),
)
class _Maximum(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.maximum(call.var, call.eps)))


@mutant(
    "eps/only-for-zero-variance",
    "eps is used only where the variance is 0.",
    "Add eps to every variance.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _OnlyForZero(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.where(call.var == 0, call.eps, call.var)))


@mutant(
    "eps/squared",
    "The square of eps is added to the variance.",
    "Add eps itself: it is of the dimension of a variance.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _Squared(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps**2))


@mutant(
    "eps/rooted",
    "The square root of eps is added to the variance.",
    "Add eps itself.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _Rooted(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps**0.5))


@mutant(
    "eps/twice",
    "eps is added twice, in training and in inference.",
    "Add it once.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _Twice(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + 2 * call.eps))


@mutant(
    "eps/relative",
    "eps is multiplied with the variance: var (1 + eps).",
    "Add eps to the variance.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _Relative(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var * (1 + call.eps)))


@mutant(
    "eps/subtracted",
    "eps is subtracted from the variance.",
    "Add eps.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _Subtracted(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(np.abs(call.var - call.eps)))


@mutant(
    "eps/divided-by-count",
    "eps is added to the sum of squares, before it is divided by the number of values.",
    "Divide the sum of squares first, then add eps.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _DividedByCount(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps / call.m))


@mutant(
    "eps/at-least-1e-5",
    "An eps below 1e-5 is raised to 1e-5 without a word.",
    "Use the eps that was given, or refuse it.",
    caught_by=(*TRAINING, *INFERENCE),
)
class _AtLeast(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + max(call.eps, 1e-5)))


@mutant(
    "eps/default",
    "The eps that is given is ignored, 1e-5 is used.",
    "Hand eps on to where it is used.",
    caught_by=(*TRAINING, *INFERENCE),
    issues=("qualcomm/aimet#1957", "Tencent/ncnn#218"),
)
class _Default(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + 1e-5))


@mutant(
    "eps/default-in-inference",
    "Inference uses an eps of its own, 1e-3.",
    "Use the eps of training in inference.",
    caught_by=(*INFERENCE, "inference/equals-training"),
    issues=("chainer/chainer#4858", "ceccocats/tkDNN#167", "qqwweee/keras-yolo3#451"),
)
class _DefaultInInference(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + (call.eps if call.training else 1e-3)))


@mutant(
    "eps/in-running-variance",
    "The running variance averages var + eps.",
    "Average var; eps is added when it is used.",
    caught_by=RUNNING,
    issues=("nntrainer/nntrainer#677", "chainer/chainer#7104", "keras-team/keras-contrib#287"),
)
class _InRunningVar(Parts):
    def new_var(self, call: Call) -> Array:
        return np.asarray(super().new_var(call) + call.eps)


@mutant(
    "eps/twice-in-inference",
    "Inference adds eps twice.",
    "Add it once.",
    caught_by=INFERENCE,
    issues=("chainer/chainer#4505",),
)
class _TwiceInInference(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, var + call.eps


@mutant(
    "eps/taken-off-running-variance",
    "eps is subtracted from the stored running variance.",
    "Use the running variance as it is stored.",
    caught_by=INFERENCE,
    issues=("facebookresearch/detectron2#3160", "shicai/MobileNet-Caffe#87"),
)
class _TakenOffRunningVar(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, np.maximum(var - call.eps, 0)


@mutant(
    "eps/missing-in-backward",
    "dx is scaled by 1 / sqrt(var), without eps.",
    "Use the inv_std of the forward pass.",
    caught_by=BACKWARD,
)
class _MissingInBackward(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var))


@mutant(
    "eps/outside-in-backward",
    "dx is scaled by 1 / (sqrt(var) + eps), unlike the forward pass.",
    "Use the inv_std of the forward pass.",
    caught_by=BACKWARD,
)
class _OutsideInBackward(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / (np.sqrt(call.var) + call.eps))


@mutant(
    "eps/missing-in-variance-term",
    "The variance's part of dx divides by var where it is var + eps.",
    "The derivative of inv_std by var is -inv_std^3 / 2, with eps in inv_std.",
    caught_by=(*BACKWARD, "backward/along-xhat"),
)
class _MissingInVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * (call.var + call.eps) / call.var)


@mutant(
    "eps/two-placements-in-backward",
    "The direct term of dx has eps outside the root, the others inside.",
    "Use the inv_std of the forward pass in all terms.",
    caught_by=(*BACKWARD, "backward/sum-zero"),
)
class _ThreePlacements(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        direct = dxhat / (np.sqrt(call.var) + call.eps)
        mean_term = self.mean_term(call, dxhat) / np.sqrt(call.var + call.eps)
        return np.asarray(direct - mean_term - self.var_term(call, dxhat) * call.inv_std)


@mutant(
    "eps/added-to-the-numerator",
    "eps is added to the centred x.",
    "Add it to the variance only.",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _AddedToY(Parts):
    def xhat(self, call: Call) -> Array:
        return np.asarray((call.rows - call.mean + call.eps) * call.inv_std)
