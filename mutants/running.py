"""Running statistics with the wrong weights, or not updated."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Conventions, mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

STEP = ("running/one-step", "running/many-steps")
CONVERGENCE = ("running/one-step", "running/convergence")
RULE = "old (1 - momentum) + new momentum"
CONVENTIONS: Conventions = {"running_variance": "unbiased"}


@mutant(
    "running/momentum-swapped",
    "momentum weighs the new value where the old one is due, or the other way round.",
    "Turn it over: use 1 - momentum.",
    caught_by=STEP,
    issues=(
        "pytorch/vision#8250",
        "kazuto1011/deeplab-pytorch#79",
        "huggingface/transformers#19454",
        "Oneflow-Inc/oneflow#6055",
        "d2l-ai/d2l-en#2213",
        "microsoft/onnxscript#1289",
    ),
    conventions=CONVENTIONS,
)
class _Swapped(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        keep, weight = super().weights(call)
        return weight, keep


@mutant(
    "running/never-updated",
    "The running statistics are never updated.",
    "Return the updated statistics.",
    caught_by=CONVERGENCE,
    issues=("paiml/aprender#2166", "microsoft/onnxruntime#6349", "tensorflow/tensorflow#11965"),
    conventions=CONVENTIONS,
)
class _NeverUpdated(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return old.copy()


@mutant(
    "running/mean-only",
    "The running variance is never updated.",
    "Update both statistics.",
    caught_by=CONVERGENCE,
    issues=("keras-team/keras-core#339",),
    conventions=CONVENTIONS,
)
class _MeanOnly(Parts):
    def running_var(self, call: Call) -> Array:
        return call.running_var.copy()


@mutant(
    "running/variance-only",
    "The running mean is never updated.",
    "Update both statistics.",
    caught_by=CONVERGENCE,
    conventions=CONVENTIONS,
)
class _VarOnly(Parts):
    def running_mean(self, call: Call) -> Array:
        return call.running_mean.copy()


@mutant(
    "running/last-batch",
    "The running statistics are those of the last batch: momentum is not used.",
    f"{RULE}.",
    caught_by=STEP,
    issues=("pytorch/xla#220", "microsoft/onnxruntime#6946"),
    conventions=CONVENTIONS,
)
class _LastBatch(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        return 0.0, 1.0


@mutant(
    "running/updated-twice",
    "Every training call updates the running statistics twice.",
    "Update them once, not again when the forward pass is computed again.",
    caught_by=STEP,
    issues=(
        "pytorch/pytorch#96136",
        "gpleiss/efficient_densenet_pytorch#73",
        "pfnet-research/chainer-compiler#98",
    ),
    conventions=CONVENTIONS,
)
class _Twice(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, super().average(call, old, new), new)


@mutant(
    "running/default-momentum",
    "The momentum that is given is ignored: the new value always weighs 0.1.",
    "Hand momentum on to where it is used.",
    caught_by=STEP,
    issues=("pytorch/xla#220",),
    conventions=CONVENTIONS,
)
class _DefaultMomentum(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        return 0.9, 0.1


@mutant(
    "running/momentum-squared",
    "The new value weighs momentum squared.",
    f"{RULE}.",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _MomentumSquared(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        _, weight = super().weights(call)
        return 1 - weight**2, weight**2


@mutant(
    "running/divided-by-examples",
    "The step is divided by the batch size, as a gradient would be.",
    f"{RULE}.",
    caught_by=STEP,
    issues=("deeplearning4j/deeplearning4j#6648",),
    conventions=CONVENTIONS,
)
class _DividedByExamples(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        _, weight = super().weights(call)
        return 1 - weight / call.examples, weight / call.examples


@mutant(
    "running/not-decayed",
    "The old value keeps its full weight.",
    "The weights add up to 1.",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _NotDecayed(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        return 1.0, super().weights(call)[1]


@mutant(
    "running/not-weighted",
    "The new value has weight 1.",
    "The weights add up to 1.",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _NotWeighted(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        return super().weights(call)[0], 1.0


@mutant(
    "running/away-from-the-batch",
    "The step has the wrong sign: the statistics move away from those of the batch.",
    "running += momentum (new - running).",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _NegatedStep(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        keep, weight = super().weights(call)
        return keep + 2 * weight, -weight


@mutant(
    "running/first-call-copies",
    "While the running mean is 0, the statistics of the batch are copied.",
    "Average from the first call on.",
    caught_by=("running/one-step",),
    issues=("patrick-kidger/equinox#675", "NVIDIA/caffe#279"),
    conventions=CONVENTIONS,
)
class _FirstCallCopies(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        if not call.running_mean.any():
            return np.asarray(new[:, 0].astype(old.dtype))
        return super().average(call, old, new)


@mutant(
    "running/momentum-swapped-for-the-variance",
    "momentum has opposite meanings for the mean and for the variance.",
    "Weigh both alike.",
    caught_by=STEP,
    conventions=CONVENTIONS,
)
class _WeightsOfVarSwapped(Parts):
    def running_var(self, call: Call) -> Array:
        keep, weight = self.weights(call)
        moved = weight * call.running_var + keep * self.new_var(call)[:, 0]
        return np.asarray(moved.astype(call.running_var.dtype))
