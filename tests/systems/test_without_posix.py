"""Without the modules that Windows lacks: what runs no target works, all else refuses."""

from pathlib import Path

import pytest
from tests.systems.hidden import run_hidden

from bnproof.cli.main import VERBS, run
from bnproof.sandbox.support import WITHOUT_PROCESSES, missing

IN_WORKERS = ("guard", "memory_limit", "process_state", "worker")
"""Modules of `bnproof.sandbox` that are imported by worker processes alone."""

IMPORT_ALL = f"""
import importlib, pkgutil, sys
import bnproof

def walk(package):
    yield package.__name__
    for each in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if each.name in {[f"bnproof.sandbox.{name}" for name in IN_WORKERS]} + ["bnproof.__main__"]:
            continue
        module = importlib.import_module(each.name)
        yield from walk(module) if each.ispkg else [each.name]

names = set(walk(bnproof))
for name in ("spec", "reference", "properties", "implementations", "mutants"):
    names.update(walk(importlib.import_module("bnproof." + name)))
print(len(names))
"""

CERTIFY = """
import numpy as np
from bnproof.certify import certify_forward

x = np.array([[1.0], [3.0], [8.0]], np.float32)
y = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + np.float32(0.5))
assert certify_forward(x, y, eps=0.5)["two-pass"] <= 1
"""

TRAINING = """
import numpy as np
from bnproof.reference import Adam, Architecture, initialized, training

rng = np.random.default_rng(0)
network = initialized(Architecture((2, 8, 1), loss="logistic"), rng)
X = rng.normal(size=(2, 64))
Y = (X[:1] * X[1:] > 0).astype(float)
costs = [step.cost for step in training(network, X, Y, Adam(), epochs=40, batch_size=16, rng=rng)]
assert costs[-1] < costs[0] / 2
"""

WRONG = """
from bnproof.reference import BatchNorm

class Wrong(BatchNorm):
    def infer(self, *arguments, **settings):
        y, *others = super().infer(*arguments, **settings)
        return y + 1, *others
"""

WORKING = [
    (["--help"], "Usage: bnproof"),
    (["--version"], "bnproof "),
    (["check", "--list"], "forward/agreement"),
    (["derive", "dx-closed-form"], "proved by canonical forms"),
    (["derive", "--list"], "dx-closed-form"),
    (["prove", "sum(xhat) = 0"], "proved for every m"),
    (["replay", "--list"], "nothing is saved"),
    (["selftest", "--mutant", "eps/none", "--workers", "1"], "1 of 1 distinct mistakes rejected"),
    (["study", "--list"], "batch-noise"),
    (["targets"], "torch.nn:BatchNorm2d"),
    (["translate", "--from", "keras", "--to", "torch", "momentum=0.99"], "momentum"),
]

REFUSED = [
    ["check", "reference"],
    ["check", "reference", "bnproof.reference:BatchNorm", "--jobs", "2"],
    ["doctor", "reference"],
    ["grade", "layers.py"],
    ["identify", "reference"],
]


REFUSAL = "needs Linux or macOS (missing here: fcntl, resource, os.fork, ...); on Windows, use WSL"


def bnproof(*arguments: str) -> tuple[int, str]:
    """The status and the output of the command line."""
    done = run_hidden("-m", "bnproof", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_what_is_hidden_is_hidden() -> None:
    """Catches a change of the hiding after which the other tests here show nothing."""
    text = "from bnproof.sandbox.support import missing; print(*missing())"
    lacking = run_hidden("-c", text).stdout.split()

    assert missing() == []
    assert {"fcntl", "resource", "os.fork", "os.setsid", "signal.SIGKILL"} <= set(lacking)


def test_all_modules_can_be_imported() -> None:
    """Catches an import at the top of a file of something that Windows does not have."""
    done = run_hidden("-c", IMPORT_ALL)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


@pytest.mark.parametrize("program", [CERTIFY, TRAINING], ids=["certify", "training"])
def test_libraries_work(program: str) -> None:
    """Catches a function of the judge, or of the reference, that needs worker processes."""
    done = run_hidden("-c", program)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("arguments", "said"), WORKING, ids=lambda value: str(value[:2]))
def test_commands_that_run_no_target_work(arguments: list[str], said: str) -> None:
    """Catches a command that needs fork, fcntl or resource though it runs no target."""
    status, out = bnproof(*arguments)

    assert status == 0, out
    assert said in out


def test_files_are_written(tmp_path: Path) -> None:
    """Catches a document, a picture or a skeleton that cannot be written."""
    assert bnproof("init", str(tmp_path / "bn.py"), "--kind", "numpy")[0] == 0
    for form in ("html", "md"):
        file = tmp_path / f"derivation.{form}"
        assert bnproof("derive", "--format", form, "-o", str(file))[0] == 0
        assert b"\r" not in file.read_bytes()
    assert bnproof("study", "batch-noise", "-o", str(tmp_path / "pictures"))[0] == 0
    assert len(list((tmp_path / "pictures").iterdir())) == 2


def test_saved_reports_and_failures_can_be_read(tmp_path: Path) -> None:
    """Catches a report that can be read only where checks can run."""
    file, saved = tmp_path / "wrong.py", tmp_path / "saved.json"
    file.write_text(WRONG, encoding="utf-8")
    few = ["--profile", "quick", "--dtype", "float32", "--property", "inference/agreement"]
    assert run(["check", f"{file}:Wrong", *few, "--json", str(saved)]) == 1

    for form in ("terminal", "markdown", "html"):
        page = tmp_path / form
        assert bnproof("report", str(saved), "--format", form, "-o", str(page))[0] == 0
        assert "inference/agreement" in page.read_text(encoding="utf-8")
    status, listed = bnproof("replay", "--list")
    assert (status, "inference/agreement" in listed) == (0, True)
    status, out = bnproof("replay", listed.split()[0])
    assert (status, REFUSAL in out) == (2, True)


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda value: value[0])
def test_all_else_refuses_with_one_sentence(arguments: list[str]) -> None:
    """Catches a traceback, or a verdict about a target that was never run."""
    status, out = bnproof(*arguments)

    assert status == 2
    assert len(out.splitlines()) == 1
    assert REFUSAL in out
    assert out.endswith("prove, report, selftest, study, targets, translate\n")


def test_the_sentence_names_commands_that_exist() -> None:
    """Catches advice to use a command that was renamed, and a README that says otherwise."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    assert set(WITHOUT_PROCESSES) <= set(VERBS)
    assert f"| Windows | {', '.join(f'`{verb}`' for verb in WITHOUT_PROCESSES)}, " in readme
