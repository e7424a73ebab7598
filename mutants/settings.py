"""Settings that are changed on the way: eps of 0, decimals of momentum, a large or absent gamma."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "inference/agreement")
RUNNING = ("running/one-step",)


class _Optional(Parts):
    """Parts whose gamma and beta may be absent."""

    affine_parameters = "optional"


@mutant(
    "settings/eps-zero-replaced",
    "An eps of 0 is taken for one that is not given, and 1e-5 used instead.",
    "Ask whether eps is None.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsOr(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = call.eps or 1e-5


@mutant(
    "settings/eps-at-most-one",
    "An eps above 1 is lowered to 1.",
    "Use eps as it is given.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsAtMostOne(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = min(call.eps, 1.0)


@mutant(
    "settings/eps-at-least",
    "An eps below 1e-10 is raised to 1e-10.",
    "Use eps as it is given.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsAtLeast(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = max(call.eps, 1e-10)


@mutant(
    "settings/eps-of-few-digits",
    "eps is rounded to a power of ten.",
    "Use eps as it is given.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsRounded(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if 0 < call.eps < 0.05:
            call.eps = 10.0 ** round(np.log10(call.eps))


@mutant(
    "settings/momentum-of-two-decimals",
    "momentum is rounded to two decimals.",
    "Use momentum as it is given.",
    caught_by=RUNNING,
    shown_by=("momentum",),
)
class _MomentumRounded(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is None or call.momentum * 8 == int(call.momentum * 8):
            return super().weights(call)
        call.momentum = round(call.momentum, 2)
        return super().weights(call)


@mutant(
    "settings/momentum-below-one-percent-away",
    "momentum beyond 0.99 counts as 0.99.",
    "Use momentum as it is given.",
    caught_by=RUNNING,
    shown_by=("momentum",),
)
class _MomentumCapped(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is not None and call.momentum < 1:
            call.momentum = min(call.momentum, 0.99)
        return super().weights(call)


@mutant(
    "settings/gamma-clipped",
    "gamma is clipped to magnitudes up to 100.",
    "Use gamma as it is given.",
    caught_by=AGREEMENT,
    shown_by=("gamma and beta",),
)
class _GammaClipped(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = np.clip(call.gamma, -100, 100)


@mutant(
    "settings/small-gamma-dropped",
    "A gamma below 0.01 in magnitude counts as 0 in dx.",
    "Use gamma as it is given.",
    caught_by=("backward/agreement",),
    shown_by=("gamma and beta",),
)
class _SmallGamma(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(np.where(np.abs(call.gamma) < 0.01, 0, call.gamma) * dy)


@mutant(
    "settings/large-beta-clipped",
    "beta is clipped to magnitudes up to 256.",
    "Use beta as it is given.",
    caught_by=AGREEMENT,
    shown_by=("gamma and beta",),
)
class _BetaClipped(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.beta = np.clip(call.beta, -256, 256)


@mutant(
    "settings/beta-without-gamma",
    "beta is left out where there is no gamma.",
    "Ask for each of the two on its own.",
    caught_by=AGREEMENT,
    shown_by=("beta, no gamma",),
)
class _BetaWithoutGamma(_Optional):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is None:
            call.beta = np.zeros_like(call.beta)


@mutant(
    "settings/gamma-without-beta",
    "gamma is left out of inference where there is no beta.",
    "Ask for each of the two on its own.",
    caught_by=("inference/agreement",),
    shown_by=("gamma, no beta",),
)
class _GammaWithoutBeta(_Optional):
    def infer_y(self, call: Call) -> Array:
        return call.xhat if call.given[1] is None else super().infer_y(call)


@mutant(
    "settings/dbeta-without-gamma",
    "dbeta is 0 where there is no gamma.",
    "Ask for each of the two on its own.",
    caught_by=("backward/agreement",),
    shown_by=("beta, no gamma",),
)
class _DbetaWithoutGamma(_Optional):
    def dbeta(self, call: Call, dy: Array) -> Array:
        right = super().dbeta(call, dy)
        return np.zeros_like(right) if call.given[0] is None else right


@mutant(
    "settings/small-momentum-raised",
    "A momentum between 0 and 0.001 counts as 0.001.",
    "Use momentum as it is given.",
    caught_by=RUNNING,
    shown_by=("momentum",),
)
class _MomentumRaised(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is not None and 0 < call.momentum < 1e-3:
            call.momentum = 1e-3
        return super().weights(call)


@mutant(
    "settings/momentum-near-one",
    "A momentum beyond 0.99985 counts as 1.",
    "Use momentum as it is given.",
    caught_by=RUNNING,
    shown_by=("momentum",),
)
class _MomentumNearOne(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is not None and call.momentum > 0.99985:
            call.momentum = 1.0
        return super().weights(call)


@mutant(
    "settings/eps-between-powers-dropped",
    "An eps between 1e-12 and 1e-10 is dropped.",
    "Use eps as it is given.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsDropped(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = 0.0 if 1e-12 < call.eps < 1e-10 else call.eps


@mutant(
    "settings/eps-from-a-table",
    "An eps between 1e-4 and 1e-3 is taken for 1e-3, that of another library.",
    "Use eps as it is given.",
    caught_by=AGREEMENT,
    shown_by=("eps",),
)
class _EpsOfTable(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = 1e-3 if 1.0001e-4 < call.eps < 1e-3 else call.eps


@mutant(
    "settings/momentum-in-bfloat16",
    "momentum is rounded to three digits of bfloat16.",
    "Keep momentum in float32 or more.",
    caught_by=RUNNING,
    shown_by=("momentum",),
    dtypes=("float32",),
)
class _MomentumInBfloat(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is not None:
            bits = np.float32(call.momentum).view(np.uint32) & np.uint32(0xFFFF0000)
            call.momentum = float(bits.view(np.float32))
        return super().weights(call)
