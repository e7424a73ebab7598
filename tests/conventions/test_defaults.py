"""Defaults are read off what a target does without settings, not off what it says."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.conventions.stripped import FOLDER, load
from tests.first_variant import adapt

from bnproof.conventions.identify import defaults
from bnproof.conventions.identify.accuracy import accuracy
from bnproof.conventions.identify.finding import AMBIGUOUS, FAILED, FOUND, NOT_OFFERED
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.execution.default_layer import default_behaviour
from bnproof.engine.execution.in_process import InProcess
from bnproof.reference import BatchNorm


def _probes(target: Any) -> Probes:
    return Probes(InProcess(adapt(target)).try_out())


class SignatureOfTrain(BatchNorm):
    """Defaults in the signature of train."""

    layer = None  # type: ignore[assignment]  # not offered

    def train(self, *arrays: Any, momentum: Any = 0.9, eps: float = 1e-3, **k: Any) -> Any:
        """Train as the reference does."""
        return super().train(*arrays, momentum=momentum, eps=eps, **k)


class SignatureOfLayer(BatchNorm):
    """Defaults in the signature of layer, in the convention of Keras."""

    def __init__(self) -> None:
        super().__init__(momentum_weighs="old")

    def layer(self, channels: int, *, momentum: Any = 0.99, eps: float = 2e-5, **k: Any) -> Any:
        """Make a layer as the reference does."""
        return super().layer(channels, momentum=momentum, eps=eps, **k)


def forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    """The exercise, with its own eps, momentum and first statistics."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "test":
        return gamma * (x - mean) / np.sqrt(var + eps) + beta, None
    bn_param["running_mean"] = momentum * mean + (1 - momentum) * x.mean(axis=0)
    bn_param["running_var"] = momentum * var + (1 - momentum) * x.var(axis=0)
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta, None


def _needs_eps(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    return forward(x, gamma, beta, {**bn_param, "eps": bn_param["eps"]})


def backward(dy: Any, cache: Any) -> Any:
    """Nothing that is looked at here."""
    assert cache is None
    return dy, dy.sum(axis=0), dy.sum(axis=0)


TARGETS = [
    (torch.nn.BatchNorm2d, 0.1, 1e-5, {"running_mean": 0.0, "running_var": 1.0}),
    (torch.nn.BatchNorm1d(5, eps=1e-3, momentum=0.03), 0.03, 1e-3, None),
    (torch.nn.BatchNorm1d(5, momentum=None), "None", 1e-5, None),
    (SignatureOfTrain, 0.9, 1e-3, None),
    (SignatureOfLayer, 0.99, 2e-5, {"running_mean": 0.0, "running_var": 1.0}),
    ((forward, backward), 0.9, 1e-5, {"running_mean": 0.0, "running_var": 0.0}),
]


@pytest.mark.parametrize(("target", "momentum", "eps", "first"), TARGETS)
def test_defaults(target: Any, momentum: Any, eps: float, first: Any) -> None:
    """Catches a default that is read in the wrong convention, or not measured."""
    probes = _probes(target)

    assert defaults.default_momentum(probes).value == momentum
    assert defaults.default_eps(probes).value == eps
    if first is not None:
        assert defaults.initial_statistics(probes).value == first


def test_told_otherwise() -> None:
    """Catches a signature that is believed although the layer does something else."""

    class Lying(SignatureOfLayer):
        def layer(self, channels: int, *, momentum: Any = 0.9, eps: float = 1e-5, **k: Any) -> Any:
            assert (momentum, eps) == (0.9, 1e-5)
            return super().layer(channels, momentum=0.99, eps=1e-3, **k)

    probes = _probes(Lying)

    for finding, value in (
        (defaults.default_momentum(probes), 0.99),
        (defaults.default_eps(probes), 1e-3),
    ):
        assert finding.value == value
        assert finding.contradicts


def test_eps_that_does_not_show() -> None:
    """Catches a number made up from rounding errors."""

    class Tiny(SignatureOfLayer):
        def layer(self, channels: int, *, momentum: Any = 0.9, eps: float = 1e-14, **k: Any) -> Any:
            return super().layer(channels, momentum=momentum, eps=eps, **k)

    assert defaults.default_eps(_probes(Tiny)).verdict != FOUND


def test_no_defaults() -> None:
    """Catches defaults of a target that has none, and an exception passed over in silence."""
    assert defaults.default_eps(_probes(BatchNorm)).verdict == NOT_OFFERED
    raised = defaults.default_eps(_probes((_needs_eps, backward)))
    assert raised.verdict == FAILED
    assert "KeyError" in raised.because


def test_statistics_of_an_instance_in_use() -> None:
    """Catches the statistics of a trained layer taken for those that it starts from."""
    module = torch.nn.BatchNorm1d(3)
    module(torch.arange(12.0).reshape(4, 3) ** 2)

    assert defaults.initial_statistics(_probes(module)).verdict == AMBIGUOUS


CLASSES = [
    ("two_pass.py:Recentred", "two-pass"),
    ("streaming.py:Welford", "streaming"),
    ("one_pass.py:OnePass", "one-pass"),
]


@pytest.mark.parametrize(("name", "due"), CLASSES)
def test_accuracy(name: str, due: str) -> None:
    """Catches a class that is stronger or weaker than the algorithm."""
    session = InProcess(load(f"{FOLDER / 'right'}/{name}")()).try_out()
    probes = Probes(session)

    finding = accuracy(probes, session.declaration)

    value = finding.value
    assert due in ([value] if isinstance(value, str) else value.values())


def test_a_fault_of_ours_is_not_taken_for_one_of_the_target(monkeypatch: Any) -> None:
    """Catch a broad `except` around our own code, which would hide this as "not offered"."""

    def broken(_: Any) -> None:
        raise AttributeError

    monkeypatch.setattr("bnproof.engine.execution.default_layer._defaults", broken)
    with pytest.raises(AttributeError):
        default_behaviour(SignatureOfTrain(), [np.ones((2, 1))], 1, lambda _: None)
