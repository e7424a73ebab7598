"""Wrong double backward: the gradients of backward's results."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.doubled import Double, Doubled, Upstream
from bnproof.mutants.mutant import mutant
from bnproof.reference.checks import Array

BY_X = "dx is the whole derivative of <ddx, dx> + <ddgamma, dgamma> by x, the statistics' parts too"
CONSTANTS = ("pytorch/pytorch#186256",)
"""The same mistake one order higher."""
CAUGHT = ("backward/double-backward",)


@mutant(
    "double-backward/no-ddgamma-in-dx",
    "Double backward forgets that dgamma depends on x.",
    "Add ddgamma times what backward gives at gamma = 1 to dx.",
    caught_by=CAUGHT,
)
class _NoDdgammaInDx(Doubled):
    def dx_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        return np.zeros_like(up.dy)


@mutant(
    "double-backward/no-ddgamma-in-ddy",
    "Double backward forgets that dgamma depends on dy.",
    "Add ddgamma xhat to ddy.",
    caught_by=CAUGHT,
)
class _NoDdgammaInDdy(Doubled):
    def ddy_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        return np.zeros_like(up.dy)


@mutant(
    "double-backward/no-ddbeta",
    "Double backward forgets that dbeta depends on dy.",
    "Add ddbeta to ddy.",
    caught_by=CAUGHT,
)
class _NoDdbeta(Doubled):
    def training(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        up.ddbeta = np.zeros_like(up.ddbeta)
        return super().training(call, up)


@mutant(
    "double-backward/statistics-constant",
    "Double backward takes the saved mean and inv_std for constants.",
    f"{BY_X}.",
    caught_by=CAUGHT,
    issues=CONSTANTS,
)
class _StatisticsConstant(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        terms = up.dy * self.along(call, up.ddx) + up.ddx * self.along(call, up.dy)
        return np.asarray(-call.gamma * call.inv_std * call.inv_std * terms)

    def dx_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        return np.asarray(up.ddgamma * call.inv_std * up.dy)


@mutant(
    "double-backward/inv-std-constant",
    "Double backward takes the saved inv_std for a constant.",
    f"{BY_X}.",
    caught_by=CAUGHT,
    issues=CONSTANTS,
)
class _InvStdConstant(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        dy, ddx = (rows - rows.mean(axis=1, keepdims=True) for rows in (up.dy, up.ddx))
        terms = dy * self.along(call, up.ddx) + ddx * self.along(call, up.dy)
        return np.asarray(-call.gamma * call.inv_std * call.inv_std * terms)

    def dx_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        return np.asarray(up.ddgamma * call.inv_std * (up.dy - up.dy.mean(axis=1, keepdims=True)))


@mutant(
    "double-backward/one-sided",
    "dx of double backward has the term of dy, and not the same term of ddx.",
    "dx has dy mean(ddx xhat) and ddx mean(dy xhat), both less what backward takes away.",
    caught_by=CAUGHT,
)
class _OneSided(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        terms = self.residuals(call, up.dy) * self.along(call, up.ddx)
        terms = terms + call.xhat * self.common(call, up)
        return np.asarray(-call.gamma * call.inv_std * call.inv_std * terms)


@mutant(
    "double-backward/variance-term-once",
    "mean(dy xhat) mean(ddx xhat) comes once into dx of double backward, and not three times.",
    "It comes from xhat, from inv_std and from its cube: the factor is 3.",
    caught_by=CAUGHT,
)
class _VarianceTermOnce(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        dy, ddx = (rows - rows.mean(axis=1, keepdims=True) for rows in (up.dy, up.ddx))
        terms = dy * self.along(call, up.ddx) + ddx * self.along(call, up.dy)
        terms = terms + call.xhat * self.common(call, up)
        return np.asarray(-call.gamma * call.inv_std * call.inv_std * terms)


@mutant(
    "double-backward/common-uncentred",
    "The product of the sums of dy and ddx is left out of double backward.",
    "Take mean(dy) mean(ddx) from mean(dy ddx).",
    caught_by=CAUGHT,
)
class _CommonUncentred(Doubled):
    def common(self, call: Call, up: Upstream) -> Array:
        along = self.along(call, up.dy) * self.along(call, up.ddx)
        return np.asarray((up.dy * up.ddx).mean(axis=1, keepdims=True) - along)


@mutant(
    "double-backward/dx-negated",
    "What <ddx, dx> gives to dx of double backward has the wrong sign.",
    "It is minus gamma inv_std^2 times the bracket.",
    caught_by=CAUGHT,
)
class _DxNegated(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        return -super().dx_of_ddx(call, up)


@mutant(
    "double-backward/dx-scaled-once",
    "What <ddx, dx> gives to dx of double backward is multiplied by inv_std once.",
    "It is scaled by gamma inv_std^2.",
    caught_by=CAUGHT,
)
class _DxWithoutInvStdSquared(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        return np.asarray(super().dx_of_ddx(call, up) / call.inv_std)


@mutant(
    "double-backward/dx-without-gamma",
    "What <ddx, dx> gives to dx of double backward is not multiplied by gamma.",
    "It is scaled by gamma inv_std^2.",
    caught_by=CAUGHT,
)
class _DxWithoutGamma(Doubled):
    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        one = np.ones_like(call.gamma)
        given, call.gamma = call.gamma, one
        try:
            return super().dx_of_ddx(call, up)
        finally:
            call.gamma = given


@mutant(
    "double-backward/direct-term-only",
    "ddy is gamma inv_std ddx, as if the statistics were constants.",
    "ddy is backward at ddx, all three terms of it.",
    caught_by=CAUGHT,
)
class _DirectTermOnly(Doubled):
    def ddy_of_ddx(self, call: Call, up: Upstream) -> Array:
        return np.asarray(call.gamma * call.inv_std * up.ddx)


@mutant(
    "double-backward/dgamma-times-gamma",
    "dgamma of double backward is multiplied by gamma.",
    "dgamma is <ddx, dx> at gamma = 1.",
    caught_by=CAUGHT,
)
class _DgammaTimesGamma(Doubled):
    def dgamma_of_ddx(self, call: Call, up: Upstream) -> Array:
        return np.asarray(call.gamma * super().dgamma_of_ddx(call, up))


@mutant(
    "double-backward/dgamma-mean",
    "dgamma of double backward is a mean where a sum is due.",
    "dgamma is <ddx, dx> at gamma = 1, which sums.",
    caught_by=CAUGHT,
)
class _DgammaMean(Doubled):
    def dgamma_of_ddx(self, call: Call, up: Upstream) -> Array:
        return np.asarray(super().dgamma_of_ddx(call, up) / call.m)


@mutant(
    "double-backward/dgamma-of-direct-term",
    "dgamma of double backward has the direct term of dx only.",
    "dgamma is <ddx, dx> at gamma = 1, with all three terms of dx.",
    caught_by=CAUGHT,
)
class _DgammaOfDirectTerm(Doubled):
    def dgamma_of_ddx(self, call: Call, up: Upstream) -> Array:
        return np.asarray((call.inv_std * up.dy * up.ddx).sum(axis=1, keepdims=True))


@mutant(
    "double-backward/dgamma-not-summed-over-space",
    "dgamma of double backward sums over the batch at the first position only.",
    "Sum over the spatial axes as well.",
    caught_by=CAUGHT,
)
class _DgammaOfFirstPlace(Doubled):
    def dgamma_of_ddx(self, call: Call, up: Upstream) -> Array:
        places = call.m // call.examples
        terms = call.inv_std * self.residuals(call, up.dy) * up.ddx
        return np.asarray(terms[:, ::places].sum(axis=1, keepdims=True))


@mutant(
    "double-backward/training-in-inference",
    "Double backward of inference has the formulas of training.",
    "In inference the statistics are constants, the running ones.",
    caught_by=CAUGHT,
    issues=("PaddlePaddle/Paddle#27549",),
)
class _TrainingInInference(Doubled):
    def inference(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        return self.training(call, up)


@mutant(
    "double-backward/inference-in-training",
    "Double backward of training has the formulas of inference.",
    "In training mean and inv_std depend on x.",
    caught_by=CAUGHT,
)
class _InferenceInTraining(Doubled):
    def training(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        return self.inference(call, up)


@mutant(
    "double-backward/no-dx-in-inference",
    "dx of double backward of inference is 0, as if dgamma did not depend on x.",
    "In inference dx is ddgamma inv_std dy.",
    caught_by=CAUGHT,
)
class _NoDxInInference(Doubled):
    def inference(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        ddy, dx, dgamma = super().inference(call, up)
        return ddy, np.zeros_like(dx), dgamma


@mutant(
    "double-backward/saved-overwritten",
    "Double backward overwrites what the forward pass has saved, so that the next call is off.",
    "Leave what is saved as it is: backward and double backward may be called again.",
    caught_by=CAUGHT,
    issues=("pytorch/pytorch#2268",),
)
class _SavedOverwritten(Doubled):
    def double(
        self,
        call: Call,
        dy: Array,
        ddx: Array,
        ddgamma: Array | None,
        ddbeta: Array | None,
    ) -> Double:
        results = super().double(call, dy, ddx, ddgamma, ddbeta)
        call.xhat = np.asarray(call.xhat * call.inv_std)
        return results
