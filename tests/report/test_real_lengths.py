"""Reports on real targets fit a screen, and begin and end with the verdict."""

import io
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases

from bnproof.check.one_target import run_check
from bnproof.engine.model.result import Report
from bnproof.report.terminal import show

EXERCISE = """
import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param["eps"], bn_param.get("momentum", 0.9)
    if bn_param["mode"] == "test":
        xhat = (x - bn_param["running_mean"]) / np.sqrt(bn_param["running_var"] + eps)
        return gamma * xhat + beta, None
    mean, var = x.mean(axis=0), x.var(axis=0)
    bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mean
    bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    xhat = (x - mean) / np.sqrt(var + eps)
    return gamma * xhat + beta, (xhat, gamma, var, eps)


def batchnorm_backward(dout, cache):
    xhat, gamma, var, eps = cache
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    dx = gamma / np.sqrt(var + eps) * (dout - dout.mean(axis=0))
    return dx, dgamma, dbeta
"""
NOTHING_RIGHT = """
import numpy as np


class BN:
    dtypes = ("float32", "float64")

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        gamma *= 2
        noise = np.random.rand(*x.shape).astype(x.dtype)
        return x + noise, running_mean * 3, -running_var, lambda dy: (dy * 2, gamma * 5, beta)

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        x += 1
        return x * 2, running_mean + 1, running_var, lambda dy: (dy, gamma, beta)
"""
CRASH = """
import os

from bnproof.reference import BatchNorm


class BN(BatchNorm):
    dtypes, ranks = ("float32",), (2,)

    def train(self, *arguments, **settings):
        *results, _ = super().train(*arguments, **settings)
        return (*results, lambda dy: os._exit(7))
"""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with the targets, and checks that make do with a few cases."""
    check_few_cases(monkeypatch)
    monkeypatch.chdir(tmp_path)
    for name, code in (("exercise", EXERCISE), ("nothing", NOTHING_RIGHT), ("crash", CRASH)):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")


def lines_on(target: str) -> tuple[list[Report], list[str]]:
    """The reports on a target and what is printed of them."""
    reports, stream = run_check(target, profile="quick"), io.StringIO()
    show(reports, stream)
    return reports, stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("target", "variants"),
    [("reference", 1), ("torch.nn:BatchNorm2d", 3)],
)
def test_passing(target: str, variants: int) -> None:
    """Catches a report on what is right that is longer than a reader wants."""
    reports, lines = lines_on(target)

    assert len(reports) == variants
    assert lines[0] == lines[-1] == f"{target} conforms"
    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    for family in ("forward", "backward", "running", "inference", "layer"):
        assert any(line.startswith(f"{family} ") and " of " in line for line in lines)
    for dtype in ("float32", "float64", "float16", "bfloat16"):
        assert any(f"{dtype:9} " in line and "error/bound" in line for line in lines)


@pytest.mark.parametrize(
    ("target", "first"),
    [
        ("exercise.py:batchnorm_forward,batchnorm_backward", "FAIL backward/agreement, float64"),
        ("nothing.py:BN", "FAIL forward/agreement, float32"),
        ("crash.py:BN", "CRASHED "),
    ],
    ids=["exercise", "nothing", "crash"],
)
def test_failing(target: str, first: str) -> None:
    """Catches a report that begins with a consequence, or goes on for pages."""
    _, lines = lines_on(target)
    failures = [line for line in lines if line.startswith(("FAIL ", "CRASHED ", "TIMED-OUT "))]

    assert lines[0] == lines[-1]
    assert lines[0].startswith(f"{target} does not conform: ")
    assert len(lines) < 60
    assert max(map(len, lines[1:-1])) <= 80
    assert failures[0].startswith(first)
    assert any(line.startswith("reproduce    bnproof replay ") for line in lines)


def test_one_cause() -> None:
    """Catches a known cause that is told for each dtype or property."""
    _, lines = lines_on("exercise.py:batchnorm_forward,batchnorm_backward")

    assert sum(line.startswith("likely cause") for line in lines) == 1
    assert sum("[backward/no-variance-term]" in line for line in lines) == 1
    assert any(line.endswith("more properties fail for the same reason:") for line in lines)
