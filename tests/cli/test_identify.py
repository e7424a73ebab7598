"""`bnproof identify` tells what it found by its exit status, on the terminal and in JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bnproof.cli.main import run

TARGETS = """
import ctypes, time
from bnproof.reference import BatchNorm


class Plain(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)
    layer = None


class Lying(Plain):
    def train(self, *arrays, momentum, eps, **more):
        if momentum is not None:
            momentum = 1 - momentum
        return super().train(*arrays, momentum=momentum, eps=eps, **more)


class Crashes(Plain):
    def train(self, *arrays, **settings):
        ctypes.string_at(0)


class HangsOnOne(Plain):
    def train(self, x, *arrays, **settings):
        if len(x) == 1:
            time.sleep(1000)
        return super().train(x, *arrays, **settings)


class NotMine:
    pass
"""


@pytest.fixture
def target(tmp_path: Path) -> Callable[[str], str]:
    """A target of the file above, by name."""
    path = tmp_path / "targets.py"
    path.write_text(TARGETS, encoding="utf-8")
    return lambda name: f"{path}:{name}"


def test_found(target: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a table without what was found, or JSON that is not alone on stdout."""
    assert run(["identify", target("Plain"), "--json", "-"]) == 0

    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["conventions"]["momentum_weighs"]["found"] == "new"
    assert found["conventions"]["accuracy"]["found"] == "two-pass"
    assert found["contradictions"] == []
    assert "momentum weighs        the new value" in printed.err
    assert "libraries    torch" in printed.err


def test_contradiction(target: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a declaration that is wrong and gives the exit status of success."""
    path = target("Lying")
    Path(path.rpartition(":")[0]).write_text(
        TARGETS.replace("class Lying(Plain):", "class Lying(Plain):\n    momentum_weighs = 'new'"),
        encoding="utf-8",
    )

    assert run(["identify", path]) == 1

    assert "CONTRADICTION  momentum weighs" in capsys.readouterr().out


def test_crash_is_one_finding(
    target: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a crash that ends the run, or that conventions are made up from."""
    assert run(["identify", target("Crashes"), "--json", "-"]) == 4

    printed = capsys.readouterr()
    conventions = json.loads(printed.out)["conventions"]
    assert conventions["momentum_weighs"]["verdict"] == "failed"
    assert "SIGSEGV" in conventions["momentum_weighs"]["because"]
    assert conventions["eps_place_in_inference"]["found"] == "sqrt(var + eps)"
    assert "Traceback" not in printed.err


def test_hang_is_one_finding(
    target: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a hang on one value that spoils what was found before."""
    assert run(["identify", target("HangsOnOne"), "--json", "-", "--timeout", "1"]) == 0

    conventions = json.loads(capsys.readouterr().out)["conventions"]
    assert conventions["single_value"]["verdict"] == "failed"
    assert "no answer after" in conventions["single_value"]["because"]
    assert conventions["running_variance"]["found"] == "unbiased"
    assert conventions["empty"]["found"] == "error"


def test_wrong_usage(target: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a slip that is answered with a traceback."""
    for name in (target("Missing"), target("NotMine"), "nothing"):
        assert run(["identify", name]) == 2

        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("Error: ")
        assert len(printed.err.splitlines()) <= 2
