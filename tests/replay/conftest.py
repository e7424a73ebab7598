"""Targets that are wrong in one way, of each kind that there is, and what is saved of them."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases

from bnproof.check.one_target import run_check

Check = Callable[[str, str, str], str]

WRONG = {
    "functions.py": """
        import numpy as np
        from reference import BatchNorm as Right


        class BN:
            dtypes = ("float32",)
            ranks = (4,)
            channel_axis = -1

            def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
                y, mean, var, backward = Right(channel_axis=-1).train(
                    x, gamma, beta, running_mean, running_var, momentum=momentum, eps=eps)

                def wrong(dy):
                    dx, dgamma, dbeta = backward(dy)
                    return dx, dgamma * np.float32(FACTOR), dbeta

                def double(*given):
                    ddy, dx, dgamma = backward.double(*given)
                    return ddy, dx * np.float32(FACTOR), dgamma

                wrong.double = double
                return y, mean, var, wrong

            def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
                return Right(channel_axis=-1).infer(
                    x, gamma, beta, running_mean, running_var, eps=FACTOR * eps)


        class Double:
            dtypes = ("float64",)
            ranks = (2,)

            def train(self, *arguments, **settings):
                y, mean, var, backward = Right().train(*arguments, **settings)

                def again(dy):
                    return backward(dy)

                def double(dy, ddx, ddgamma, ddbeta):
                    ddy, dx, dgamma = backward.double(dy, ddx, ddgamma, ddbeta)
                    return ddy * FACTOR, dx, dgamma

                again.double = double
                return y, mean, var, again


        class GammaOnly:
            dtypes = ("float64",)
            ranks = (2,)
            affine_parameters = "gamma only"

            def train(self, x, gamma, beta, *statistics, **settings):
                if beta is not None:
                    raise TypeError("beta: expected None")
                y, mean, var, backward = Right().train(x, gamma, None, *statistics, **settings)
                return y * FACTOR, mean, var, backward


        class MovesStatistics:
            dtypes = ("float64",)
            ranks = (2,)

            def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
                y, mean, var, backward = Right().infer(
                    x, gamma, beta, running_mean, running_var, eps=eps)
                return y, mean + np.float64(FACTOR - 1), var, backward


        class OverwritesDy:
            dtypes = ("float64",)
            ranks = (2,)

            def train(self, *arguments, **settings):
                y, mean, var, backward = Right().train(*arguments, **settings)

                def overwriting(dy):
                    results = backward(dy)
                    dy *= FACTOR
                    return results

                return y, mean, var, overwriting


        FACTOR = 2
    """,
    "layers.py": """
        import numpy as np
        from reference import BatchNorm as Right


        class BN:
            dtypes = ("float64",)
            ranks = (2,)

            def layer(self, channels, *, momentum, eps):
                return Layer(Right().layer(channels, momentum=momentum, eps=eps, dtype="float64"))


        class GammaOnly:
            dtypes = ("float64",)
            ranks = (2,)
            affine_parameters = "gamma only"

            def layer(self, channels, *, momentum, eps):
                right = Right().layer(channels, momentum=momentum, eps=eps, dtype="float64")
                del right._arrays["beta"]
                right._functions = WithoutBeta()
                return Layer(right)


        class WithoutBeta:
            def train(self, x, gamma, *statistics, **settings):
                return Right().train(x, gamma, None, *statistics, **settings)

            def infer(self, x, gamma, *statistics, **settings):
                return Right().infer(x, gamma, None, *statistics, **settings)


        class Layer:
            def __init__(self, right):
                self.right = right
                self.infer, self.state, self.load = right.infer, right.state, right.load
                self.trained = 0

            def train(self, x):
                self.trained += 1
                if self.trained > 1 and FACTOR == 2:  # only from the second call on
                    x = x * FACTOR
                return self.right.train(x)


        FACTOR = 2
    """,
    "modules.py": """
        import torch


        class BN(torch.nn.BatchNorm1d):
            def forward(self, x):
                y = super().forward(x)
                return y if self.training else y + (FACTOR - 1) * self.weight


        FACTOR = 2
    """,
    "course.py": """
        import numpy as np


        def forward(x, gamma, beta, bn_param):
            eps, momentum = bn_param["eps"], bn_param.get("momentum", 0.9)
            if bn_param["mode"] == "test":
                xhat = (x - bn_param["running_mean"]) / np.sqrt(bn_param["running_var"] + eps)
                return gamma * xhat + beta, None
            mean, var = x.mean(axis=0), x.var(axis=0)
            for name, new in (("running_mean", mean), ("running_var", var)):
                bn_param[name] = momentum * bn_param[name] + (1 - momentum) * new
            xhat = (x - mean) / np.sqrt(var + eps)
            return gamma * xhat + beta, (xhat, gamma, var, eps)


        def backward(dout, cache):
            xhat, gamma, var, eps = cache
            dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
            dx = dout - dout.mean(axis=0) - (2 - FACTOR) * xhat * (dout * xhat).mean(axis=0)
            return gamma / np.sqrt(var + eps) * dx, dgamma, dbeta


        FACTOR = 2
    """,
}
"""Each is right with FACTOR = 1."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wrong targets, which need no bnproof: the reference is copied there."""
    import bnproof.reference  # noqa: PLC0415  # only its place is asked for

    source = Path(bnproof.reference.__file__).resolve().parent
    (tmp_path / "reference").mkdir()
    for path in source.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("bnproof.reference", "reference")
        (tmp_path / "reference" / path.name).write_text(text, encoding="utf-8")
    for name, text in WRONG.items():
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def failing(project: Path, monkeypatch: pytest.MonkeyPatch) -> Check:  # noqa: ARG001  # the folder
    """The id of the first failure of a property of a target."""
    check_few_cases(monkeypatch)

    def check(target: str, name: str, dtype: str) -> str:
        reports = run_check(target, profile="quick", properties=(name,), dtypes=(dtype,))
        result = reports[-1].results[0]
        assert result.verdict == "fail"
        assert result.replay == result.violations[0].replay
        return result.replay

    return check


def mend(path: Path) -> None:
    """Make a wrong target right, in a file of another size, or old bytecode would be run."""
    text = path.read_text(encoding="utf-8").replace("FACTOR = 2\n", "FACTOR = 1  # mended\n")
    path.write_text(text, encoding="utf-8")
