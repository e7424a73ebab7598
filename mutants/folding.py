"""Inference folded into y = scale x + shift, and folded wrongly."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

CAUGHT = ("inference/agreement", "inference/folding")


class _Folded(Parts):
    def scale(self, call: Call) -> Array:
        """What x is multiplied by."""
        return np.asarray(call.gamma * call.inv_std)

    def shift(self, call: Call) -> Array:
        """What is added."""
        return np.asarray(call.beta - call.mean * self.scale(call))

    def infer_y(self, call: Call) -> Array:
        return np.asarray(self.scale(call) * call.rows + self.shift(call))


@mutant(
    "folding/mean-left-out",
    "The running mean is not folded in: y = scale x + beta.",
    "shift = beta - running_mean scale.",
    caught_by=CAUGHT,
    issues=("tenstorrent/tt-metal#5317",),
)
class _MeanLeftOut(_Folded):
    def shift(self, call: Call) -> Array:
        return call.beta


@mutant(
    "folding/shift-left-out",
    "Only the scale is folded in.",
    "Add shift = beta - running_mean scale.",
    caught_by=CAUGHT,
    issues=("jiazhihao/TASO#47",),
)
class _ShiftLeftOut(_Folded):
    def shift(self, call: Call) -> Array:
        return np.zeros_like(call.beta)


@mutant(
    "folding/beta-left-out",
    "The shift lacks beta.",
    "shift = beta - running_mean scale.",
    caught_by=CAUGHT,
)
class _BetaLeftOut(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray(-call.mean * self.scale(call))


@mutant(
    "folding/mean-not-scaled",
    "The running mean is subtracted from the shift without being scaled.",
    "shift = beta - running_mean scale.",
    caught_by=CAUGHT,
    issues=("ultralytics/yolov3#807",),
)
class _MeanNotScaled(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray(call.beta - call.mean)


@mutant(
    "folding/mean-added",
    "The scaled running mean is added to the shift.",
    "shift = beta - running_mean scale.",
    caught_by=CAUGHT,
)
class _MeanAdded(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray(call.beta + call.mean * self.scale(call))


@mutant(
    "folding/mean-without-gamma",
    "The running mean in the shift is not multiplied by gamma.",
    "shift = beta - running_mean scale, with gamma in scale.",
    caught_by=CAUGHT,
)
class _MeanWithoutGamma(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray(call.beta - call.mean * call.inv_std)


@mutant(
    "folding/shift-scaled",
    "beta is scaled together with the mean.",
    "shift = beta - running_mean scale.",
    caught_by=CAUGHT,
)
class _ShiftScaled(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray((call.beta - call.mean) * self.scale(call))


@mutant(
    "folding/scale-without-gamma",
    "The scale lacks gamma.",
    "scale = gamma / sqrt(running_var + eps).",
    caught_by=CAUGHT,
)
class _ScaleWithoutGamma(_Folded):
    def infer_y(self, call: Call) -> Array:
        return np.asarray(call.inv_std * call.rows + self.shift(call))


@mutant(
    "folding/scale-by-variance",
    "The scale divides by running_var + eps, without the root.",
    "scale = gamma / sqrt(running_var + eps).",
    caught_by=CAUGHT,
)
class _ScaleByVariance(_Folded):
    def scale(self, call: Call) -> Array:
        return np.asarray(call.gamma / (call.var + call.eps))


@mutant(
    "folding/divided-by-scale",
    "The shift is divided by the scale and multiplied by it again: NaN where gamma is 0.",
    "Add the shift after scaling.",
    caught_by=("inference/agreement",),
    issues=("pytorch/pytorch#85744", "pytorch/pytorch#23357"),
)
class _DividedByGamma(_Folded):
    def infer_y(self, call: Call) -> Array:
        scale = self.scale(call)
        return np.asarray(scale * (call.rows + self.shift(call) / scale))


@mutant(
    "folding/shift-without-eps",
    "eps is in the scale, but not in the shift.",
    "Form the scale once and use it for both.",
    caught_by=CAUGHT,
)
class _ShiftWithoutEps(_Folded):
    def shift(self, call: Call) -> Array:
        return np.asarray(call.beta - call.mean * call.gamma / np.sqrt(call.var))


@mutant(
    "folding/absolute-scale",
    "The sign of gamma is lost when it is folded.",
    "scale = gamma / sqrt(running_var + eps), negative where gamma is.",
    caught_by=CAUGHT,
    issues=("LeelaChessZero/lc0#779",),
)
class _AbsoluteScale(_Folded):
    def scale(self, call: Call) -> Array:
        return np.abs(super().scale(call))


@mutant(
    "folding/twice",
    "The layer is folded and applied once more.",
    "Remove the layer after folding it.",
    caught_by=CAUGHT,
)
class _Twice(_Folded):
    def infer_y(self, call: Call) -> Array:
        once = super().infer_y(call)
        return np.asarray(self.scale(call) * once + self.shift(call))


@mutant(
    "folding/scale-in-half",
    "The folded scale is stored in 16 bits.",
    "Store it in the dtype of the parameters.",
    caught_by=CAUGHT,
)
class _InHalf(_Folded):
    def scale(self, call: Call) -> Array:
        return super().scale(call).astype(np.float16).astype(call.rows.dtype)


@mutant(
    "folding/scale-in-8-bits",
    "The folded scale is quantised to 8 bits, with one unit for all channels.",
    "Store it in the dtype of the parameters.",
    caught_by=CAUGHT,
)
class _EightBits(_Folded):
    def scale(self, call: Call) -> Array:
        scale = super().scale(call)
        unit = np.abs(scale).max() / 127
        return np.asarray(np.rint(scale / unit) * unit)
