"""Wrong gradients of gamma and beta."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

DGAMMA = ("backward/agreement", "backward/along-xhat", "backward/dgamma-from-output")
DBETA = ("backward/agreement", "backward/dbeta-is-sum")


@mutant(
    "parameter-gradients/dgamma-unscaled",
    "dgamma is the sum of dy (x - mean), not divided by the standard deviation.",
    "dgamma = sum dy xhat.",
    caught_by=DGAMMA,
)
class _DgammaUnscaled(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dgamma(call, dy) / call.inv_std.reshape(len(dy), -1)[:, :1])


@mutant(
    "parameter-gradients/dgamma-times-std",
    "dgamma is the sum of dy (x - mean) times the standard deviation.",
    "dgamma = sum dy xhat: divide by the standard deviation.",
    caught_by=DGAMMA,
    issues=("tensorflow/tensorflow#14676",),
)
class _DgammaTimesStd(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dgamma(call, dy) / call.inv_std.reshape(len(dy), -1)[:, :1] ** 2)


@mutant(
    "parameter-gradients/dgamma-of-x",
    "dgamma is the sum of dy x.",
    "dgamma = sum dy xhat.",
    caught_by=(*DGAMMA, "forward/bias-invariance"),
)
class _DgammaOfX(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray((dy * call.rows).sum(axis=1, keepdims=True))


@mutant(
    "parameter-gradients/dgamma-uncentred",
    "dgamma is the sum of dy x / std, the mean not subtracted.",
    "dgamma = sum dy xhat.",
    caught_by=(*DGAMMA, "forward/bias-invariance"),
)
class _DgammaUncentred(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray((dy * call.rows * call.inv_std).sum(axis=1, keepdims=True))


@mutant(
    "parameter-gradients/dgamma-of-y",
    "dgamma is the sum of dy y.",
    "dgamma = sum dy xhat.",
    caught_by=(*DGAMMA, "backward/independent-of-beta"),
)
class _DgammaOfY(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray((dy * self.y(call)).sum(axis=1, keepdims=True))


@mutant(
    "parameter-gradients/dgamma-mean",
    "dgamma is a mean where a sum is due.",
    "dgamma = sum dy xhat; the loss has its 1/N already in dy.",
    caught_by=DGAMMA,
    issues=("cthorey/CS231#9", "wjbKimberly/cs231n_spring_2017_assignment#7"),
)
class _DgammaMean(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dgamma(call, dy) / call.m)


@mutant(
    "parameter-gradients/dgamma-by-examples",
    "dgamma is divided by the batch size.",
    "dgamma = sum dy xhat; the loss has its 1/N already in dy.",
    caught_by=DGAMMA,
    issues=("cthorey/CS231#9",),
)
class _DgammaByExamples(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dgamma(call, dy) / call.examples)


@mutant(
    "parameter-gradients/dgamma-negated",
    "dgamma has the wrong sign.",
    "dgamma = sum dy xhat.",
    caught_by=DGAMMA,
)
class _DgammaNegated(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return -super().dgamma(call, dy)


@mutant(
    "parameter-gradients/dgamma-times-gamma",
    "dgamma is multiplied by gamma.",
    "dgamma = sum dy xhat, with dy as it came.",
    caught_by=DGAMMA,
)
class _DgammaTimesGamma(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.gamma * super().dgamma(call, dy))


@mutant(
    "parameter-gradients/dbeta-mean",
    "dbeta is a mean where a sum is due.",
    "dbeta = sum dy.",
    caught_by=DBETA,
    issues=("cthorey/CS231#9", "wjbKimberly/cs231n_spring_2017_assignment#7"),
)
class _DbetaMean(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dbeta(call, dy) / call.m)


@mutant(
    "parameter-gradients/dbeta-by-examples",
    "dbeta is divided by the batch size.",
    "dbeta = sum dy.",
    caught_by=DBETA,
    issues=("cthorey/CS231#9",),
)
class _DbetaByExamples(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dbeta(call, dy) / call.examples)


@mutant(
    "parameter-gradients/dbeta-times-gamma",
    "dbeta is the sum of gamma dy.",
    "dbeta = sum dy.",
    caught_by=DBETA,
)
class _DbetaTimesGamma(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.gamma * super().dbeta(call, dy))


@mutant(
    "parameter-gradients/dbeta-of-dx",
    "dbeta is the sum of dx, which is 0 but for rounding.",
    "dbeta = sum dy.",
    caught_by=DBETA,
)
class _DbetaOfDx(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(self.dx(call, dy).sum(axis=1, keepdims=True))


@mutant(
    "parameter-gradients/dbeta-of-all-channels",
    "dbeta is the same for all channels.",
    "Sum over the batch and space, not over the channels.",
    caught_by=DBETA,
)
class _DbetaOfAllChannels(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.full((len(dy), 1), dy.sum() / len(dy), dy.dtype)


@mutant(
    "parameter-gradients/dgamma-and-dbeta-swapped",
    "dgamma and dbeta are returned in the wrong order.",
    "Return (dx, dgamma, dbeta).",
    caught_by=DBETA,
)
class _Swapped(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return super().dbeta(call, dy)

    def dbeta(self, call: Call, dy: Array) -> Array:
        return super().dgamma(call, dy)


@mutant(
    "parameter-gradients/dbeta-not-summed-over-space",
    "dbeta sums over the batch at the first position only.",
    "Sum over the spatial axes as well.",
    caught_by=DBETA,
)
class _FirstPlaceOnly(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        places = call.m // call.examples
        return np.asarray(dy[:, ::places].sum(axis=1, keepdims=True))


@mutant(
    "parameter-gradients/dbeta-of-first-value",
    "dbeta is the first dy times N, as if all were alike.",
    "dbeta = sum dy.",
    caught_by=DBETA,
)
class _FirstExampleForAll(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(dy[:, :1] * call.m)
