"""Conventions are found again where they are not declared, and what contradicts them is said."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.conventions.stripped import FOLDER, Stripped, load, right

from bnproof.conventions.identify.conventions import CONVENTIONS, Identified, identify
from bnproof.conventions.identify.finding import AMBIGUOUS, FOUND, NOT_OFFERED, UNEXPLAINED, Finding
from bnproof.conventions.identify.likeness import shared
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.mutants.call import Call
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.mutants.parts import Parts
from bnproof.reference import BatchNorm
from bnproof.report.conventions import lines

DECLARED = ("momentum_weighs", "running_variance", "channel_axis", "cumulative", "in_place")
DIFFERENT = {  # one of each convention and of each way to compute it, and hostile ones
    "conventions": "Keras OldUnbiased NewBiased BiasByRank BiasByRankReversed MovesAway LerpOld "
    "UnbiasedByWeight SingleValueIsBeta EmptyIsEmpty ChannelsLastKeras DenseOnly SequencesOnly "
    "NoAffine FixedSettings AcceptedRanges Cumulative",
    "stateful": "LayerOnly KerasLayer",
}
NAMED = [(file, name) for file, names in DIFFERENT.items() for name in names.split()]


def found(identified: Identified) -> dict[str, Finding]:
    """The findings by convention."""
    return {finding.convention: finding for finding in identified.findings}


def identified(implementation: Any) -> Identified:
    """What is found of an implementation, in this process."""
    session = InProcess(implementation).try_out()
    return identify(session, "target", session.attributes())


@pytest.fixture(autouse=True)
def _without_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracy takes most of the time, and has tests of its own."""
    unprobed = Finding("accuracy", NOT_OFFERED)
    monkeypatch.setattr("bnproof.conventions.identify.conventions.accuracy", lambda *_: unprobed)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_stripped_conventions_are_found_again(file: str, name: str) -> None:
    """Catches a convention that is guessed, or taken from what is declared."""
    original = load(f"{FOLDER / 'right' / file}.py:{name}")()
    declared = declaration_of(original)

    result = found(identified(Stripped(original)))

    trains = {"train", "layer"} & set(declared.methods)
    for convention in DECLARED if trains else ("channel_axis",):
        finding, due = result[convention], getattr(declared, convention)
        if finding.verdict != FOUND:
            assert _excused(finding, declared), f"{convention}: {finding}"
            continue
        if isinstance(due, dict):
            value = finding.value
            assert {rank: value[rank] for rank in due} == due
        else:
            assert finding.value == due
    for policy in ("single_value", "empty"):
        if getattr(declared, policy) != "undefined" and result[policy].verdict == FOUND:
            assert result[policy].value == getattr(declared, policy)
    if result["ranks"].verdict == FOUND:
        assert set(declared.ranks) <= set(result["ranks"].value)


def _excused(finding: Finding, declared: Any) -> bool:
    """What cannot be shown within what the implementation can do."""
    return bool(
        (finding.convention == "channel_axis" and declared.ranks == (2,))
        or (finding.convention == "cumulative" and "momentum" in declared.fixed)
        or (finding.convention == "in_place" and "train" not in declared.methods)
    )


WRONG = [
    ("EpsOutsideRoot", "eps_place", "sqrt(var) + eps"),
    ("LargerOfVarianceAndEps", "eps_place", "sqrt(max(var, eps))"),
    ("LargerOfVarianceAndEps", "eps_place_in_inference", "sqrt(max(var, eps))"),
    ("NoEps", "eps_place", "sqrt(var), without eps"),
    ("NoEpsInInference", "eps_place_in_inference", "sqrt(var), without eps"),
    ("EpsTwice", "eps_place", "sqrt(var + 2 eps)"),
    ("EpsSquared", "eps_place", "sqrt(var + eps^2)"),
    ("EpsScaledByCount", "eps_place", "sqrt(var + eps/N)"),
    ("EpsAtMost", "eps_place", "sqrt(var + 0.01)"),
    ("EpsAtLeast", "small_eps", "sqrt(var + 1e-05)"),
]


@pytest.mark.parametrize(("name", "convention", "due"), WRONG)
def test_place_of_eps(name: str, convention: str, due: str) -> None:
    """Catches a misplaced eps that is not seen, or taken for another."""
    result = found(identified(load(f"{FOLDER / 'wrong' / 'eps.py'}:{name}")()))

    assert result[convention].value == due
    assert result[convention].remark


class _Changed(BatchNorm):
    """The reference, with the running statistics that ``change`` makes of (old, new) pairs."""

    change: Callable[..., tuple[Any, Any]]
    layer = None  # type: ignore[assignment]  # not offered

    def train(
        self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, **k: Any
    ) -> Any:
        """Train, then change the statistics."""
        y, mean, var, backward = super().train(x, gamma, beta, running_mean, running_var, **k)
        means, variances = (running_mean, mean), (running_var, var)
        return (y, *type(self).change(means, variances, **k), backward)


class OwnWeight(_Changed):
    """Weighs the batch with 0.125 whatever momentum is."""

    @staticmethod
    def change(*pairs: Any, momentum: float, **_: Any) -> Any:
        """Move by another share of the way."""
        share = np.float32(0.125 / momentum) if momentum else np.float32(0)
        return tuple(old + share * (new - old) for old, new in pairs)


class NeverUpdated(_Changed):
    """Leaves the running statistics as they are."""

    @staticmethod
    def change(*pairs: Any, **_: Any) -> Any:
        """Keep the old ones."""
        return tuple(old.copy() for old, _ in pairs)


class Averaged(_Changed):
    """Averages var + eps."""

    @staticmethod
    def change(means: Any, variances: Any, *, momentum: float, eps: float) -> Any:
        """Add what eps contributes."""
        return means[1], variances[1] + np.float32(momentum * eps)


@pytest.mark.parametrize(
    ("target", "because"),
    [(OwnWeight, "the batch weighs 0.125 in any case"), (NeverUpdated, "is not updated")],
)
def test_average_without_momentum(target: type[_Changed], because: str) -> None:
    """Catches a momentum convention made up for an average that has none."""
    finding = found(identified(Stripped(target())))["momentum_weighs"]

    assert finding.verdict == UNEXPLAINED
    assert because in finding.because


@pytest.mark.parametrize("kind", ["biased", "unbiased"])
def test_eps_in_the_running_variance(kind: str) -> None:
    """Catches an averaged eps taken for one of the two variances."""
    finding = found(identified(Stripped(Averaged(running_variance=kind))))["running_variance"]

    assert finding.verdict == UNEXPLAINED
    assert finding.because == f"it is the {kind} variance + eps"


class UnbiasedNormaliser(BatchNorm):
    """Normalises by the unbiased variance."""

    layer = None  # type: ignore[assignment]  # not offered

    def train(self, x: Any, *rest: Any, momentum: Any, eps: float, **k: Any) -> Any:
        """Normalise by sqrt(var N/(N-1) + eps), as sqrt(N/(N-1)) sqrt(var + eps (N-1)/N)."""
        count = x.size // x.shape[1]
        results = super().train(x, *rest, momentum=momentum, eps=eps * (count - 1) / count, **k)
        share = np.sqrt((count - 1) / count).astype(x.dtype)
        return (results[0] * share, *results[1:])


def test_unbiased_normalising_variance() -> None:
    """Catches a normalisation by the unbiased variance that goes unnoticed."""
    made = identified(Stripped(UnbiasedNormaliser()))
    finding = found(made)["normalising_variance"]

    assert finding.value == "unbiased"
    assert not finding.remark
    assert "normalising_variance = 'unbiased'" in made.lines


class BetaOfOneValue(Parts):
    """Normalises by the unbiased variance, and takes 0 / 0 for 0."""

    def begin(self, call: Call) -> None:
        """Read the arguments; one value is taken."""
        call.training, training = False, call.training
        super().begin(call)
        call.training = training

    def inv_std(self, call: Call) -> Any:
        """1 / sqrt(N / max(N - 1, 1) var + eps)."""
        bessel = call.m / max(call.m - 1, 1) if call.training else 1
        return 1 / np.sqrt(bessel * call.var + call.eps)

    def correction(self, call: Call) -> float:
        """N / max(N - 1, 1)."""
        return call.m / max(call.m - 1, 1)


def test_lines_do_not_exclude_each_other() -> None:
    """Catches "beta" for one value beside the unbiased normalisation, which is refused."""
    made = identified(Stripped(BetaOfOneValue()))
    declared = type("Declared", (BetaOfOneValue,), _pasted(made.lines))

    assert found(made)["single_value"].value == "undefined"
    assert declaration_of(declared()).normalises_unbiased


def _pasted(lines_: list[str]) -> dict[str, Any]:
    """The attributes that lines for an adapter make."""
    namespace: dict[str, Any] = {}
    exec("\n".join(lines_), namespace)  # noqa: S102  # they are Python
    return {name: value for name, value in namespace.items() if not name.startswith("__")}


class IgnoresBeta(Parts):
    """Has a weight only, and does not look at beta."""

    def begin(self, call: Call) -> None:
        """Read the arguments, without beta."""
        call.given = (call.given[0], None)
        super().begin(call)


class IgnoresGamma(Parts):
    """Has a bias only, and does not look at gamma."""

    def begin(self, call: Call) -> None:
        """Read the arguments, without gamma."""
        call.given = (None, call.given[1])
        super().begin(call)


class NeedsBothOrNone(Parts):
    """Takes None for both, not for one of them."""

    def begin(self, call: Call) -> None:
        """Refuse one alone."""
        if (call.given[0] is None) != (call.given[1] is None):
            message = "expected both or neither"
            raise TypeError(message)
        super().begin(call)


@pytest.mark.parametrize(
    ("target", "due"),
    [
        (IgnoresBeta, "gamma only"),
        (IgnoresGamma, "beta only"),
        (Parts, "optional"),
        (NeedsBothOrNone, "required"),
    ],
)
def test_parameters_that_are_used(target: type[Parts], due: str) -> None:
    """Catches a weight without bias, or a bias without weight, taken for both or for none."""
    made = identified(Stripped(target()))

    assert found(made)["affine_parameters"].value == due
    expected = [] if due == "required" else [f"affine_parameters = {due!r}"]
    assert [line for line in made.lines if line.startswith("affine")] == expected


def test_declared_parameters_are_respected() -> None:
    """Catches a beta that is given to what declares to have none, and refuses it."""
    (control,) = (control for control in CONTROLS if control.id == "gamma-only")

    made = identified(control.make())

    assert found(made)["affine_parameters"].value == "gamma only"
    assert not made.contradictions


class Lying:
    """Declares Keras's conventions and computes in PyTorch's."""

    momentum_weighs = "old"
    running_variance = "biased"
    channel_axis = -1
    single_value = "beta"

    def __init__(self) -> None:
        self._honest = BatchNorm()
        self.train, self.infer = self._honest.train, self._honest.infer


def test_contradictions() -> None:
    """Catches a declared attribute that is believed, or a contradiction that is not shown."""
    made = identified(Lying())

    names = {finding.convention for finding in made.contradictions}
    assert names == {"momentum_weighs", "running_variance", "channel_axis", "single_value"}
    text = "\n".join(line.plain for line in lines(made))
    assert "CONTRADICTION  momentum weighs: declared is the old value, found is the new" in text


def test_right_implementations_contradict_nothing() -> None:
    """Catches a false contradiction, on a sample of all right implementations of the zoo."""
    accused = {}
    for target in right()[5::48]:
        made = identified(load(target)())
        if made.contradictions:
            accused[target] = made.contradictions

    assert not accused


def test_lines_make_the_declaration() -> None:
    """Catches lines for the adapter that say something else than what was found."""
    namespace: dict[str, Any] = {}
    original = load(f"{FOLDER / 'right' / 'conventions.py'}:ChannelsLastKeras")()
    exec("\n".join(identified(Stripped(original)).lines), namespace)  # noqa: S102  # they are Python

    assert namespace["momentum_weighs"] == "old"
    assert namespace["running_variance"] == "biased"
    assert namespace["channel_axis"] == -1


def test_libraries() -> None:
    """Catches a library that does otherwise among those that share the conventions."""
    keras = load(f"{FOLDER / 'right' / 'conventions.py'}:ChannelsLastKeras")()
    made = identified(Stripped(keras))

    names = [each.library for each in shared(made.findings, made.libraries)]
    assert {"keras", "flax"} <= set(names)
    assert not {"torch", "onnx", "mlx", "onednn"} & set(names)


def test_fixed_momentum_of_one_half_is_ambiguous() -> None:
    """Catches one of two conventions named where both give the same."""

    class Half(BatchNorm):
        fixed = {"momentum": 0.5}  # noqa: RUF012  # read once

    finding = found(identified(Half()))["momentum_weighs"]

    assert finding.verdict == AMBIGUOUS
    assert finding.because == "new or old: they cannot be told apart"


def test_every_convention_has_one_finding() -> None:
    """Catches a convention that is passed over in silence."""
    inference = load(f"{FOLDER / 'right' / 'conventions.py'}:InferenceOnly")()

    made = identified(inference)

    assert [finding.convention for finding in made.findings] == list(CONVENTIONS)
    assert found(made)["momentum_weighs"].verdict == NOT_OFFERED
    assert found(made)["eps_place_in_inference"].verdict == FOUND
    assert all(finding.because for finding in made.findings if finding.convention != "accuracy")


def test_probes_are_not_repeated() -> None:
    """Catches calls of the target, which may be slow, that are made again for each convention."""
    session = InProcess(BatchNorm()).try_out()
    probes = Probes(session)

    assert probes.main(4, "train") is probes.main(4, "train")


def test_fixed_shape_with_channels_last() -> None:
    """Catches an axis that is looked for where it is known already, which was a fault of ours."""

    class Last(BatchNorm):
        dtypes, channel_axis = ("float32",), -1
        ranks: tuple[int, ...] = (4,)  # type: ignore[assignment]  # fewer than the reference's
        fixed = {"shape": (4, 6, 5, 7)}  # noqa: RUF012  # read once

        def __init__(self) -> None:
            super().__init__(channel_axis=-1)

    found = {f.convention: f.value for f in identified(Last()).findings}
    assert found["momentum_weighs"] == "new"
    assert found["running_variance"] == "unbiased"
    assert found["ranks"] == (4,)
    assert found["inference_statistics"] == "running"
