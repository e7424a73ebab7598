"""`bnproof doctor` says what a target was recognised as, what it lacks, and if it is usable."""

from pathlib import Path

import pytest

from bnproof.cli.main import run
from bnproof.engine.contract.declaration import Declaration
from bnproof.properties.catalogue import PROPERTIES, concerning

TARGETS = """
import os
from bnproof.reference import BatchNorm


class Right(BatchNorm):
    dtypes, ranks = ("float32",), (2, 4)


class Misspelt:
    momentum_weigh = "old"
    rank = (2,)

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        return x, running_mean, running_var, None


class WrongValues(Misspelt):
    dtypes = ("float33",)
    running_variance = "Bessel"


class Predicts:
    def predict(self, x, gamma, beta, running_mean, running_var, *, eps): ...


class TooFew(Right):
    def train(self, *arguments, **settings):
        return super().train(*arguments, **settings)[:3]


class Crashes(Right):
    def train(self, *arguments, **settings):
        print("no GPU here", flush=True)
        os._exit(3)


class Hangs(Right):
    def train(self, *arguments, **settings):
        import time
        time.sleep(1000)


class Moves(Right):
    def infer(self, *arguments, **settings):
        os.chdir("/")
        return super().infer(*arguments, **settings)


def batchnorm_forward(x, gamma, beta, bn_param):
    return x, None


def batchnorm_backward(dout, cache):
    return dout, dout.sum(axis=0), dout.sum(axis=0)
"""


@pytest.fixture(autouse=True)
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of targets in the working directory."""
    (tmp_path / "mine.py").write_text(TARGETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def doctor(capsys: pytest.CaptureFixture[str], name: str, status: int, *options: str) -> str:
    """What the doctor says of a target, in one line."""
    assert run(["doctor", f"mine.py:{name}", *options]) == status
    printed = capsys.readouterr()
    assert printed.err == ""
    return " ".join(printed.out.split())


def test_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a right target that is not recognised, or that is said to lack something."""
    said = doctor(capsys, "Right", 0)

    assert "recognised class Right, made without arguments; it is of the contract" in said
    assert "dtypes float32 (two-pass)" in said
    assert "ranks 2 4" in said
    assert "train gives y, running_mean, running_var, dx, dgamma, dbeta" in said
    concerned = len(concerning(PROPERTIES, Declaration(), "float32"))
    assert f"{concerned} of {concerned} properties" in said
    assert "not offered" not in said
    assert said.endswith("mine.py:Right can be checked: bnproof check mine.py:Right")


def test_misspelt_attributes(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an attribute that is silently without effect."""
    said = doctor(capsys, "Misspelt", 0)

    assert "unknown attribute momentum_weigh (did you mean momentum_weighs?)" in said
    assert "unknown attribute rank (did you mean ranks?)" in said


def test_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a missing method or result that is not said, with the properties that it costs."""
    said = doctor(capsys, "Misspelt", 0)

    assert "not offered infer, layer, dx of train, dgamma of train, dbeta of train" in said
    assert "inference/nonfinite-gradients: infer is not offered" in said
    assert "layer/state: layer is not offered" in said
    assert "running/untouched-by-backward, inference/" not in said
    assert "running/untouched-by-backward: no gradient is offered" in said


def test_wrong_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a doctor that names the first mistake only, or not how to write it."""
    said = doctor(capsys, "WrongValues", 2)

    assert "dtypes = ('float33',) is not of the contract; write some of" in said
    assert "running_variance = 'Bessel' is not of the contract; write" in said
    assert said.endswith("mine.py:WrongValues cannot be used")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Predicts", "unknown attribute predict (did you mean infer?)"),
        ("Rihgt", "no 'Rihgt' in mine.py, did you mean Right?"),
        (
            "TooFew",
            "train: results of train: 3 results, due (y, running_mean, running_var, backward)",
        ),
        ("Crashes", "the first calls failed: exited with status 3 in train: no GPU here"),
        ("Hangs", "the first calls failed: no answer after 2.5 s in train"),
    ],
)
def test_unusable(capsys: pytest.CaptureFixture[str], name: str, expected: str) -> None:
    """Catches a target that cannot be used and is said to be fine, or without the reason."""
    said = doctor(capsys, name, 2, "--timeout", "0.5")

    assert expected in said
    assert said.endswith("cannot be used")


def test_pair_of_functions(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an adapter that is used and not named."""
    said = doctor(capsys, "batchnorm_forward,batchnorm_backward", 0)

    assert "functions batchnorm_forward and batchnorm_backward; adapter" in said
    assert "bnproof.implementations.course_functions (A pair of functions as courses" in said
    assert "ranks 2," in said


def test_what_a_call_leaves_behind(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a change of the process that is only told by a check of minutes."""
    assert "note a call left another working directory" in doctor(capsys, "Moves", 0)


def test_target_of_no_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a mistake on the command line that is a traceback."""
    assert run(["doctor", "mine/norms"]) == 2
    assert (
        "'mine/norms' is not a Python file; write mine/norms:ATTRIBUTE" in capsys.readouterr().out
    )
