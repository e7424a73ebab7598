"""Memory that is written to and belongs to somebody else."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, InPlace, Parts, Results
from bnproof.reference.checks import Array

INPUTS = ("forward/inputs-unchanged",)
DY = ("backward/inputs-unchanged", "backward/repeatable")
BUFFERS = ("running/buffers",)


@mutant(
    "aliasing/x-centred-in-place",
    "The mean is subtracted from x itself.",
    "Subtract it from a copy.",
    caught_by=INPUTS,
    issues=("pytorch/pytorch#181411",),
)
class _XCentredInPlace(Parts):
    def mean(self, call: Call) -> Array:
        mean = super().mean(call)
        call.x[...] = self.write(call, call.rows - mean)
        return mean


@mutant(
    "aliasing/y-in-x",
    "y is written over x.",
    "Return memory of its own.",
    caught_by=INPUTS,
)
class _YInX(Parts):
    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, backward = super().train(x, *arguments, **settings)
        x[...] = y
        return x, mean, var, backward


@mutant(
    "aliasing/y-in-x-in-inference",
    "Inference writes y over x.",
    "Return memory of its own.",
    caught_by=INPUTS,
)
class _InferenceYInX(Parts):
    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, backward = super().infer(x, *arguments, **settings)
        x[...] = y
        return x, mean, var, backward


@mutant(
    "aliasing/dy-scaled",
    "backward multiplies dy by gamma in place.",
    "Work on a copy: dy belongs to the caller, and may be one value for all.",
    caught_by=DY,
    issues=("mapillary/inplace_abn#155",),
)
class _DyScaled(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        found = super().gradients(call, dy)
        if dy.flags.writeable:
            dy[...] = self.write(call, self.dxhat(call, self.read_dy(call, dy)))
        return found


@mutant(
    "aliasing/dx-in-dy",
    "dx is written over dy.",
    "Return memory of its own.",
    caught_by=DY,
)
class _DxInDy(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        if not dy.flags.writeable:
            return dx, dgamma, dbeta
        dy[...] = dx
        return dy, dgamma, dbeta


@mutant(
    "aliasing/dbeta-of-scaled-dy",
    "dy is multiplied by gamma before dgamma and dbeta are formed from it.",
    "Form dgamma and dbeta from dy as it came.",
    caught_by=("backward/agreement", "backward/dbeta-is-sum"),
)
class _DyScaledFirst(Parts):
    """The dbeta that follows sees the scaled dy."""

    def dxhat(self, call: Call, dy: Array) -> Array:
        dy *= call.gamma
        return dy

    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, dy).copy()

    def gradients(self, call: Call, dy: Array) -> Gradients:
        rows = self.read_dy(call, dy)
        with np.errstate(all="ignore"):
            dx = self.dx(call, rows) if call.training else self.infer_dx(call, rows)
            return (
                self.write(call, dx),
                self.write_parameter(call, self.dgamma(call, rows)),
                self.write_parameter(call, self.dbeta(call, rows)),
            )


@mutant(
    "aliasing/statistics-in-place",
    "The running statistics are updated in place, and that is not declared.",
    "Declare in_place, or return new arrays.",
    caught_by=INPUTS,
)
class _StatisticsInPlace(InPlace):
    in_place = False


@mutant(
    "aliasing/gamma-folded-in-place",
    "Inference multiplies gamma by 1 / sqrt(running_var + eps) in place.",
    "Fold into a copy.",
    caught_by=INPUTS,
)
class _GammaFolded(Parts):
    def infer_y(self, call: Call) -> Array:
        y = super().infer_y(call)
        if call.given[0] is not None:
            call.given[0][...] = (call.gamma * call.inv_std)[:, 0]
        return y


@mutant(
    "aliasing/eps-added-in-place",
    "Inference adds eps to the running variance in place.",
    "Add it to a copy.",
    caught_by=INPUTS,
    issues=("chainer/chainer#4505",),
)
class _EpsAddedInPlace(Parts):
    def infer_y(self, call: Call) -> Array:
        y = super().infer_y(call)
        call.running_var += call.running_var.dtype.type(call.eps)
        return y


@mutant(
    "aliasing/statistics-written-before-y",
    "The new running variance is written before y is formed, where gamma has the same memory.",
    "Form y first, or write elsewhere.",
    caught_by=("forward/agreement", "forward/inputs-unchanged"),
    issues=("microsoft/onnxruntime#29790", "microsoft/onnxruntime#29878"),
)
class _WrittenBeforeRead(Parts):
    def y(self, call: Call) -> Array:
        gamma = call.given[0]
        if gamma is not None and call.training and np.shares_memory(gamma, call.running_var):
            call.gamma = call.stored(self.running_var(call))
        return super().y(call)


@mutant(
    "aliasing/x-as-dy",
    "backward is wrong where dy is x itself, which it centres.",
    "Work on copies.",
    caught_by=("backward/agreement",),
)
class _XAsDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        rows = super().read_dy(call, dy)
        return rows - call.mean if np.shares_memory(call.x, dy) else rows


@mutant(
    "aliasing/y-as-scratch",
    "backward uses the memory of y, which the caller has.",
    "Use memory of its own.",
    caught_by=("forward/results-kept",),
)
class _YAsScratch(Parts):
    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, backward = super().train(x, *arguments, **settings)

        def overwriting(dy: Array) -> Gradients:
            y[...] = dy
            return backward(dy)

        return y, mean, var, overwriting


@mutant(
    "aliasing/statistics-moved-by-backward",
    "backward changes the running mean that training returned.",
    "Only training moves the statistics.",
    caught_by=("forward/results-kept", "running/untouched-by-backward"),
)
class _StatisticsMovedByBackward(Parts):
    def running_mean(self, call: Call) -> Array:
        call.running_mean = super().running_mean(call)
        return call.running_mean

    def gradients(self, call: Call, dy: Array) -> Gradients:
        if call.training:
            call.running_mean *= call.running_mean.dtype.type(0.5)
        return super().gradients(call, dy)


@mutant(
    "aliasing/copy-updated",
    "A copy of the running statistics is updated where the given buffers are due.",
    "Write into the buffers that are given.",
    caught_by=BUFFERS,
    issues=("ml-explore/mlx#1960",),
)
class _CopyUpdated(InPlace):
    def running_mean(self, call: Call) -> Array:
        return Parts.running_mean(self, call)

    def running_var(self, call: Call) -> Array:
        return Parts.running_var(self, call)


@mutant(
    "aliasing/contiguous-copy-updated",
    "Of a strided running mean a contiguous copy is updated, and dropped.",
    "Write into the buffer that is given.",
    caught_by=BUFFERS,
    issues=("pytorch/pytorch#33867", "intel/torch-xpu-ops#2887"),
)
class _StridedCopyUpdated(InPlace):
    def running_mean(self, call: Call) -> Array:
        call.running_mean = np.ascontiguousarray(call.running_mean)
        return super().running_mean(call)


@mutant(
    "aliasing/mean-updated-twice-in-place",
    "The buffer of the running mean is updated once for each statistic.",
    "Update it once.",
    caught_by=("running/one-step",),
)
class _MeanInPlaceTwice(InPlace):
    def running_var(self, call: Call) -> Array:
        super().running_mean(call)
        return super().running_var(call)


@mutant(
    "aliasing/inference-updates-buffers",
    "Inference changes the buffer of the running mean.",
    "Only training moves the statistics.",
    caught_by=("running/untouched-by-inference",),
    issues=("FluxML/Flux.jl#1429",),
)
class _InferenceUpdatesBuffers(InPlace):
    def kept(self, call: Call) -> tuple[Array, Array]:
        call.running_mean *= call.running_mean.dtype.type(0.875)
        return call.running_mean, call.running_var
