"""Declarations of parameters and of the normalising variance, end to end: right and wrong twins."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from bnproof.check.one_implementation import CheckedDtypes, check
from bnproof.engine.contract.declaration import ContractError, Declaration, declaration_of
from bnproof.engine.contract.needs import Need
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.records import Records
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio
from bnproof.mutants.call import Call
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.mutants.parts import Gradients, Parts
from bnproof.properties.catalogue import PROPERTIES
from bnproof.reference.checks import Array

MADE: dict[str, list[Case]] = {}
LARGEST = 96  # elements of x


def small(
    declaration: Declaration,
    dtype: str,
    *,
    seed: int = 0,
    quick: bool = False,
    thorough: bool = False,  # noqa: ARG001  # as `portfolio`
    among: Sequence[str] = (),  # noqa: ARG001  # all cases, in this dtype
) -> list[Case]:
    """The small cases of the quick portfolio, without those of memory; each made once."""
    key = repr((declaration, dtype, seed, quick))
    if key not in MADE:
        cases = portfolio(declaration, dtype, seed=seed, quick=True)
        MADE[key] = [c for c in cases if c.x.size <= LARGEST and Tag.LAYOUT not in c.tags]
    return MADE[key]


@pytest.fixture(autouse=True)
def _small_portfolio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnproof.check.one_implementation.portfolio", small)


@cache
def checked(make: Callable[[], Any], dtype: str = "float32") -> CheckedDtypes:
    """A check of one dtype."""
    session = InProcess(make()).try_out()
    with np.errstate(all="ignore"):
        return check(session, session.declaration, profile="quick", dtypes=[dtype])


def violated(make: Callable[[], Any]) -> set[str]:
    """Ids of the violated properties."""
    return {r.property for r in checked(make).results if r.verdict == "fail"}


def unsupported(make: Callable[[], Any]) -> dict[str, str]:
    """Reasons by property that is not tested."""
    results = checked(make).results
    return {r.property: r.reason for r in results if r.verdict == "unsupported"}


MEMORY = {"forward/strides", "running/buffers"}
"""Properties whose cases are left out here."""

NOT_OFFERED = {"backward/double-backward", "running/cumulative-average", *MEMORY}


def needing(need: Need) -> set[str]:
    """Ids of the properties with a need."""
    return {p.id for p in PROPERTIES if need in p.needs}


LAYERS = needing(Need.LAYER)


def judging(make: Callable[[], Any], ids: set[str]) -> set[str]:
    """Ids of those properties that have something to compare, whatever they say they need."""
    session = InProcess(make()).try_out()
    judge = Judge(session.declaration, "float32")
    with np.errstate(all="ignore"):
        cases = small(session.declaration, "float32")
        every = Records(session.declaration, tuple(judge.judge(c, session.run(c)) for c in cases))
    return {p.id for p in PROPERTIES if p.id in ids and list(p.compare(every))}


# --- the normalising variance ---------------------------------------------------------------------


class Unbiased(Parts):
    """Normalises by the unbiased variance, in training alone, and says so."""

    normalising_variance = "unbiased"
    affine_parameters = "optional"

    def bessel(self, call: Call) -> float:
        """N / (N - 1) in training."""
        return call.m / (call.m - 1) if call.training else 1.0

    def inv_std(self, call: Call) -> Array:
        """1 / sqrt(N / (N - 1) var + eps)."""
        return np.asarray(1 / np.sqrt(self.bessel(call) * call.var + call.eps))

    def var_term(self, call: Call, dxhat: Array) -> Array:
        """What the variance takes from dx."""
        return np.asarray(self.bessel(call) * super().var_term(call, dxhat))


class BiasedAfterAll(Parts):
    """Wrong: declares the unbiased variance and normalises by the biased one."""

    normalising_variance = "unbiased"


class Undeclared(Unbiased):
    """Wrong: normalises by the unbiased variance and declares nothing."""

    normalising_variance = "biased"


class FactorMissingInBackward(Unbiased):
    """Wrong: dx is that of the biased variance."""

    def var_term(self, call: Call, dxhat: Array) -> Array:
        """What the variance takes from dx, without N / (N - 1)."""
        return Parts.var_term(self, call, dxhat)


class FactorInInference(Unbiased):
    """Wrong: the running variance is multiplied by N / (N - 1) as well."""

    def bessel(self, call: Call) -> float:
        """N / (N - 1) in both modes."""
        return call.m / max(call.m - 1, 1)


class EpsIsMultiplied(Unbiased):
    """Wrong: N / (N - 1) (var + eps)."""

    def inv_std(self, call: Call) -> Array:
        """1 / sqrt(N / (N - 1) (var + eps))."""
        return np.asarray(1 / np.sqrt(self.bessel(call) * (call.var + call.eps)))


class DividedByNMinusTwo(Unbiased):
    """Wrong: N - 2 where N - 1 is declared."""

    def bessel(self, call: Call) -> float:
        """N / (N - 2) in training."""
        return call.m / max(call.m - 2, 1) if call.training else 1.0


def test_the_unbiased_normalisation_conforms_where_it_is_declared() -> None:
    """Catches truth, bounds or data of the other convention in any property."""
    found = unsupported(Unbiased)

    assert violated(Unbiased) == set()
    assert set(found) == {*NOT_OFFERED, *LAYERS, "forward/duplicated-batch"}
    assert "N / (N - 1)" in found["forward/duplicated-batch"]


@pytest.mark.parametrize(
    ("wrong", "due"),
    [
        (BiasedAfterAll, {"forward/agreement", "backward/agreement", "forward/unit-variance"}),
        (Undeclared, {"forward/agreement", "backward/agreement", "forward/unit-variance"}),
        (FactorMissingInBackward, {"backward/agreement", "backward/along-xhat"}),
        (FactorInInference, {"inference/agreement", "inference/equals-training"}),
        (EpsIsMultiplied, {"forward/agreement", "forward/unit-variance"}),
        (DividedByNMinusTwo, {"forward/agreement"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_wrong_twins_of_the_unbiased_normalisation(wrong: Callable[[], Any], due: set[str]) -> None:
    """Catches a declaration that excuses more than it says."""
    assert due <= violated(wrong)


def test_the_declaration_excuses_the_forward_pass_alone() -> None:
    """A missing factor in dx is seen in dx, by finite differences as well, and nowhere else."""
    found = violated(FactorMissingInBackward)

    assert all(name.startswith("backward/") for name in found)
    assert "backward/finite-differences" in found


def test_one_value_cannot_be_beta() -> None:
    """The unbiased variance of one value is 0 / 0: no declaration can make it 0."""

    class Contradictory(Unbiased):
        single_value = "beta"

    with pytest.raises(ContractError, match='single_value = "beta" contradicts'):
        declaration_of(Contradictory())


# --- gamma or beta alone --------------------------------------------------------------------------


class GammaOnly(Parts):
    """A weight and no bias."""

    affine_parameters = "gamma only"


class HiddenShift(GammaOnly):
    """Wrong: a missing beta is 1."""

    def begin(self, call: Call) -> None:
        """Read the arguments."""
        super().begin(call)
        call.beta = call.beta + 1


class GammaLeftOutOfDx(GammaOnly):
    """Wrong: dx is not scaled by gamma."""

    def dxhat(self, call: Call, dy: Array) -> Array:  # noqa: ARG002  # the signature of a step
        """The gradient of xhat, without gamma."""
        return dy


class BetaOnly(Parts):
    """A bias and no weight."""

    affine_parameters = "beta only"


class MeanForSum(BetaOnly):
    """Wrong: dbeta is a mean."""

    def dbeta(self, call: Call, dy: Array) -> Array:
        """The mean of dy."""
        return super().dbeta(call, dy) / call.m


class NoVarianceTerm(BetaOnly):
    """Wrong: dx leaves out that the variance depends on x."""

    def var_term(self, call: Call, dxhat: Array) -> Array:  # noqa: ARG002  # of a step
        """Nothing."""
        return 0 * dxhat


def test_gamma_alone() -> None:
    """Catches a property that is lost because beta is missing."""
    lost = needing(Need.BETA)

    assert {"backward/dbeta-is-sum", "backward/independent-of-beta"} <= lost
    assert judging(GammaOnly, lost) == set()
    assert violated(GammaOnly) == set()
    assert set(unsupported(GammaOnly)) == {*NOT_OFFERED, *LAYERS, *lost}
    assert unsupported(GammaOnly)["backward/dbeta-is-sum"] == "needs beta; this target has none"


def test_beta_alone() -> None:
    """Catches a property that is lost because gamma is missing."""
    found, lost = unsupported(BetaOnly), needing(Need.GAMMA)

    assert judging(BetaOnly, lost) == set()
    assert violated(BetaOnly) == set()
    assert set(found) == {*NOT_OFFERED, *LAYERS, *lost}
    assert found["backward/dgamma-from-output"] == "needs gamma; this target has none"


@pytest.mark.parametrize(
    ("wrong", "due"),
    [
        (HiddenShift, {"forward/agreement", "forward/zero-mean", "forward/identity-recovery"}),
        (GammaLeftOutOfDx, {"backward/agreement", "backward/along-xhat"}),
        (MeanForSum, {"backward/agreement", "backward/dbeta-is-sum"}),
        (NoVarianceTerm, {"backward/agreement", "backward/along-xhat", "backward/weight-in-front"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_wrong_twins_without_a_parameter(wrong: Callable[[], Any], due: set[str]) -> None:
    """Catches a mistake that hides behind a missing parameter."""
    assert due <= violated(wrong)


@pytest.mark.parametrize("id_", ["gamma-only", "beta-only", "normalises-unbiased"])
def test_controls_conform(id_: str) -> None:
    """The first has a layer without beta in its state; the last one lives as a layer too."""
    (control,) = (control for control in CONTROLS if control.id == id_)

    results = checked(control.make, "float64").results
    found = {r.property: r.verdict for r in results}
    assert "fail" not in found.values()
    assert found["layer/training"] == ("unsupported" if id_ == "beta-only" else "pass")


# --- optional: None for both, or for one ----------------------------------------------------------


class Optional(Parts):
    """Takes None for gamma, for beta and for both; the gradient of what is missing is nonsense."""

    affine_parameters = "optional"

    def gradients(self, call: Call, dy: Array) -> Gradients:
        """NaN, of no sensible shape, for what is missing."""
        dx, dgamma, dbeta = super().gradients(call, dy)
        nonsense = np.full((2, 1, 7), np.nan, np.float16)
        return dx, nonsense if dgamma is None else dgamma, nonsense if dbeta is None else dbeta


class BothOrNone(Parts):
    """Wrong: refuses None for one of them alone."""

    affine_parameters = "optional"

    def begin(self, call: Call) -> None:
        """Read the arguments."""
        if (call.given[0] is None) != (call.given[1] is None):
            message = "gamma and beta: expected both or neither"
            raise TypeError(message)
        super().begin(call)


class BetaLostWithoutGamma(Parts):
    """Wrong: beta is added only where there is a gamma."""

    affine_parameters = "optional"

    def begin(self, call: Call) -> None:
        """Read the arguments."""
        super().begin(call)
        if call.given[0] is None:
            call.beta = 0 * call.beta


def test_optional_parameters_come_alone() -> None:
    """Catches cases that are not made, in training or in inference."""
    declaration = Declaration(affine_parameters="optional", dtypes=("float32",))
    absent = [
        (case.gamma is None, case.beta is None)
        for case in portfolio(declaration, "float32", quick=True)
    ]

    assert {(True, True), (True, False), (False, True)} <= set(absent)


def test_the_gradient_of_what_is_missing_is_not_judged() -> None:
    """None is expected; whatever else comes back is ignored, in shape, dtype and value."""
    assert violated(Optional) == set()


@pytest.mark.parametrize(
    ("wrong", "due"),
    [
        (BothOrNone, {"forward/agreement", "inference/agreement"}),
        (BetaLostWithoutGamma, {"forward/agreement", "inference/agreement"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_wrong_twins_of_optional_parameters(wrong: Callable[[], Any], due: set[str]) -> None:
    """Catches None for both tested, and None for one not."""
    assert due & violated(wrong)


@pytest.mark.parametrize("value", ["gamma", "weight", True, "both"])
def test_unknown_values_are_refused(value: Any) -> None:
    """The message has to name all that can be written."""
    target = type("Mine", (Parts,), {"affine_parameters": value})()

    with pytest.raises(ContractError, match="'gamma only', 'beta only', 'none'"):
        declaration_of(target)
