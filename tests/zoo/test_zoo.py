"""The zoo itself: the right are right to engineering precision, each wrong one is not."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
try:
    listing, scenarios, situations = (
        importlib.import_module(name) for name in ("listing", "scenarios", "situations")
    )
finally:
    sys.path.pop(0)

RIGHT, WRONG = listing.right(), listing.wrong()
TOLERANCE = {"float64": 1e-11, "float32": 2e-4, "float16": 3e-2, "bfloat16": 8e-2}
NOTICED = {"float64": 1e-10, "float32": 3e-6, "float16": 1e-4, "bfloat16": 1e-3}


def short(target: str) -> str:
    """Name a target by its file and class."""
    return target.rsplit("/", maxsplit=1)[-1]


def train(arrays: Any, scenario: Any, target: Any) -> dict[str, Any]:
    """Train by the plainest formulas in float64."""
    wide = {name: values.astype(np.float64) for name, values in arrays.items()}
    x, dy = (rows(wide[name], target) for name in ("x", "dy"))
    mean, var, count = x.mean(axis=0), x.var(axis=0), len(x)
    y, xhat, scale = normalised(x, wide, (mean, var), scenario.eps)
    dbeta, dgamma = dy.sum(axis=0), (dy * xhat).sum(axis=0)
    weight, old = scenario.momentum, getattr(target, "momentum_weighs", "new") == "old"
    weight = 1 / (scenario.seen + 1) if weight is None else 1 - weight if old else weight
    kind = getattr(target, "running_variance", "unbiased")
    kind = kind[arrays["x"].ndim] if isinstance(kind, dict) else kind
    spread = var * (count / (count - 1) if kind == "unbiased" else 1)
    return {
        "y": y,
        "running_mean": (1 - weight) * wide["running_mean"] + weight * mean,
        "running_var": (1 - weight) * wide["running_var"] + weight * spread,
        "dx": scale * (dy - dbeta / count - xhat * dgamma / count),
        "dgamma": dgamma,
        "dbeta": dbeta,
    }


def infer(arrays: Any, scenario: Any, target: Any) -> dict[str, Any]:
    """Infer by the plainest formulas in float64."""
    wide = {name: values.astype(np.float64) for name, values in arrays.items()}
    x, dy = (rows(wide[name], target) for name in ("x", "dy"))
    statistics = wide["running_mean"], wide["running_var"]
    y, xhat, scale = normalised(x, wide, statistics, scenario.eps)
    dgamma = (dy * xhat).sum(axis=0)
    names = ("y", "running_mean", "running_var", "dx", "dgamma", "dbeta")
    values = (y, *statistics, dy * scale, dgamma, dy.sum(axis=0))
    return {f"infer.{name}": value for name, value in zip(names, values, strict=True)}


def normalised(x: Any, wide: Any, statistics: Any, eps: float) -> Any:
    """Return y, normalised x and the scale."""
    mean, var = statistics
    xhat = (x - mean) / np.sqrt(var + eps)
    return xhat * wide["gamma"] + wide["beta"], xhat, wide["gamma"] / np.sqrt(var + eps)


def rows(values: Any, target: Any) -> Any:
    """Turn an array into rows with one column per channel."""
    moved = np.moveaxis(values, getattr(target, "channel_axis", 1), -1)
    return moved.reshape(-1, moved.shape[-1])


def cases(target: Any, choice: Any) -> Any:
    """Return the scenarios that fit a target, with each of its dtypes."""
    for scenario in choice:
        fit = scenarios.fitting(target, scenario)
        for dtype in getattr(target, "dtypes", ("float32",)):
            if fit is not None and dtype in scenario.dtypes:
                yield fit, dtype


def quietly(function: Any, *arguments: Any) -> Any:
    """Call a function whose warnings are not ours."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        state = np.random.get_state()
        printed: Any = np.get_printoptions()
        errors = np.geterr()
        try:
            return function(*arguments)
        finally:
            np.random.set_state(state)
            printed.pop("override_repr", None)
            np.set_printoptions(**printed)
            np.seterr(**errors)


@pytest.mark.parametrize("name", RIGHT, ids=short)
def test_right_agrees_with_the_plain_formulas(name: str, request: pytest.FixtureRequest) -> None:
    """Hold every output against float64 formulas, and every behaviour against the contract.

    Without ``--whole`` in one dtype, each member in the next of its own.
    """
    target = listing.load(name)
    dtypes = getattr(target, "dtypes", ("float32",))
    turn = RIGHT.index(name) % len(dtypes)
    looked_at = dtypes if request.config.getoption("whole") else dtypes[turn : turn + 1]
    tried = 0
    for scenario, dtype in cases(target, situations.ORDINARY):
        if dtype not in looked_at:
            continue
        tried += 1
        with np.errstate(all="ignore"):
            drawn = [scenarios.draw(target, scenario, dtype, seed) for seed in (0, 1)]
        bare = getattr(target, "affine_parameters", "") == "none"
        for arrays in drawn if bare else ():
            arrays["gamma"][...], arrays["beta"][...] = 1, 0
        wanted = train(drawn[0], scenario, target) | infer(drawn[1], scenario, target)
        seen = quietly(scenarios.outcomes, target, scenario, dtype)
        loose = 1e-6 if target.__name__.endswith("SettingsInSingle") else 0
        expect(seen, wanted, max(loose, TOLERANCE[dtype]), target)
        behaves(seen, target, scenario.name)
    assert tried


def expect(seen: Any, wanted: Any, tolerance: float, target: Any) -> None:
    """Compare outcomes with what is wanted."""
    for name, truth in wanted.items():
        if seen.get(name) is None:
            continue
        got = seen[name].astype(np.float64)
        got = rows(got, target) if got.ndim > 1 else got
        scale = 1 + np.abs(truth).max(initial=0)
        assert np.abs(got - truth).max(initial=0) <= tolerance * scale, name


def behaves(seen: Any, target: Any, where: str) -> None:
    """Check what is not a number."""
    unsupported = ("size", "backward/after" if getattr(target, "replays", False) else "size")
    calls = [n for n in seen if n.startswith("raises") and not any(u in n for u in unsupported)]
    assert not any(seen[name] for name in calls), where
    results = [
        flag
        for name, value in seen.items()
        if name.startswith("results")
        for flag in np.ravel(np.array(value, dtype=object))
    ]
    assert all(np.all(flag) for flag in results), where
    kept = slice(0, 3) if getattr(target, "in_place", False) else slice(None)
    assert all(all(flags[kept]) for flags in seen["inputs"]), where
    for name in ("dx", "dgamma", "dbeta"):
        if getattr(target, "replays", False) or name not in seen or seen[name] is None:
            continue
        for turn in ("again", "after inference", "after training", "after another instance"):
            assert not scenarios.differing({name: seen[f"{name}/{turn}"]}, {name: seen[name]}, 1e-3)


@pytest.mark.parametrize("name", RIGHT, ids=short)
def test_right_keeps_its_policies(name: str) -> None:
    """Check single values and empty batches against what is declared."""
    target = listing.load(name)
    chosen = [s for s in situations.SCENARIOS if s.name in ("single", "empty")]
    for scenario, dtype in cases(target, chosen):
        policy = "empty" if scenario.name == "empty" else "single_value"
        declared = getattr(target, policy, "error")
        if (
            declared == "undefined"
            or not hasattr(target, "train")
            or "shape" in getattr(target, "fixed", {})
        ):
            continue
        seen = quietly(scenarios.outcomes, target, scenario, dtype)
        assert seen["raises/"] == (declared == "error")
        assert policy == "empty" or not seen.get("raises/infer.", False)
        if declared == "beta":
            assert np.isfinite(seen["running_var"]).all()
            assert not seen["dx"].any()


@pytest.mark.parametrize("name", [n for n in RIGHT if hasattr(listing.load(n), "layer")], ids=short)
def test_right_layers_equal_the_plain_one(name: str) -> None:
    """Compare layers with the plain layer of the same conventions."""
    target = listing.load(name)
    for momentum in (0.3, None)[: 1 + getattr(target, "cumulative", False)]:
        scenario = scenarios.Scenario("layer", (6, 3), momentum=momentum)
        seen = quietly(situations.layer_outcomes, target, scenario)
        again = quietly(situations.layer_outcomes, target, scenario)
        assert not scenarios.differing(seen, again, 0)
        assert all(np.isfinite(v).all() for v in seen.values() if isinstance(v, np.ndarray))


def twin(target: Any) -> Any:
    """Return a right implementation with the declarations of a wrong one."""
    bases = target.__mro__[::-1]
    base = next(c for c in bases if c.__name__ in ("Flawed", "_Offers"))
    declared = {
        name: getattr(target, name)
        for name in (
            "dtypes",
            "parameter_dtypes",
            "ranks",
            "channel_axis",
            "momentum_weighs",
            "running_variance",
            "single_value",
            "empty",
            "in_place",
            "cumulative",
        )
        if hasattr(target, name)
    }
    if base.__name__ == "_Offers":
        kept = sys.modules[target.__module__]
        declared["kind"] = kept._Counting if declared.get("cumulative") else kept._Layer
    return type("Twin", (_Mending, base) if base.__name__ == "Flawed" else (base,), declared)


class _Mending:
    in_place = False
    cumulative = False

    def train(self, *arrays: Any, momentum: Any, eps: float, batches_seen: int = 0) -> Any:
        weight = 1 / (batches_seen + 1) if momentum is None else momentum
        plain: Any = super()
        results = plain.train(*arrays, momentum=weight, eps=eps)
        if not self.in_place:
            return results
        y, mean, var, backward = results
        arrays[3][...], arrays[4][...] = mean, var
        return y, arrays[3], arrays[4], backward

    def _check(self, call: Any) -> None:
        policy: Any = self
        if len(call.x) == 1 and policy.single_value == "error":
            raise ValueError
        if not len(call.x) and policy.empty == "error":
            raise ValueError

    def _running(self, call: Any) -> Any:
        plain: Any = super()
        return plain._running(call) if len(call.x) else (call.running_mean, call.running_var)


@pytest.mark.parametrize("name", WRONG, ids=short)
def test_wrong_differs_from_its_right_twin(name: str) -> None:
    """Find, for all that a wrong one says it gets wrong, a situation that shows it."""
    target = listing.load(name)
    assert target.reveals, "says where it shows"
    missing = set(target.reveals)
    for found in differences(target):
        missing -= found
        if not missing:
            return
    raise AssertionError(missing)


def differences(target: Any) -> Any:
    """Return, for one situation after the other, the names of what differs.

    All situations come in one dtype first: what only another dtype shows is rare.
    """
    right = twin(target)
    if hasattr(target, "layer"):
        for momentum in (0.3, None)[: 1 + getattr(target, "cumulative", False)]:
            scenario = scenarios.Scenario("layer", (6, 3), momentum=momentum)
            pair = [quietly(situations.layer_outcomes, t, scenario) for t in (target, right)]
            yield scenarios.differing(*pair, 1e-5)
        return
    tried = list(cases(target, situations.SCENARIOS))
    first = [dtype for _, dtype in tried]
    for scenario, dtype in sorted(tried, key=lambda one: first.index(one[1])):
        seen = quietly(scenarios.outcomes, target, scenario, dtype)
        yield scenarios.differing(seen, outcomes_of_twin(right, scenario, dtype), NOTICED[dtype])


OUTCOMES: dict[tuple[Any, ...], Any] = {}
"""What came out of twins: most wrong ones declare the same, and so have the same twin."""


def outcomes_of_twin(right: Any, scenario: Any, dtype: str) -> Any:
    """Try the twin in a situation, once for all that have the same one."""
    declared = {name: value for name, value in vars(right).items() if not name.startswith("__")}
    key = (right.__bases__, repr(sorted(declared.items())), scenario, dtype)
    if key not in OUTCOMES:
        OUTCOMES[key] = quietly(scenarios.outcomes, right, scenario, dtype)
    return OUTCOMES[key]


def test_counts() -> None:
    """Hold the size of the zoo, and that names are unique within right and wrong files."""
    assert len(RIGHT) >= 40
    assert len(WRONG) >= 90
    assert len(set(RIGHT + WRONG)) == len(RIGHT) + len(WRONG)
