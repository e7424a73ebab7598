"""`bnproof check` as a user runs it: real processes, exit statuses and what is printed."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import bnproof.report

GOOD = '''
import numpy as np

class Mine:
    """Two-pass, float64."""
    dtypes = ("float64",)
    ranks = (2,)

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        n = len(x)
        if n < 2:
            raise ValueError("one value per channel")
        mean, var = x.mean(0), x.var(0)
        r = 1 / np.sqrt(var + eps)
        xhat = (x - mean) * r
        def backward(dy):
            dbeta, dgamma = dy.sum(0), (dy * xhat).sum(0)
            return gamma * r * (dy - (dbeta + xhat * dgamma) / n), dgamma, dbeta
        keep = 1 - momentum
        return (gamma * xhat + beta, keep * running_mean + momentum * mean,
                keep * running_var + momentum * var * n / (n - 1), backward)

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        r = 1 / np.sqrt(running_var + eps)
        def backward(dy):
            return gamma * r * dy, (dy * (x - running_mean) * r).sum(0), dy.sum(0)
        return gamma * (x - running_mean) * r + beta, running_mean, running_var, backward
'''


def run(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """One call of the command line."""
    return subprocess.run(
        [sys.executable, "-m", "bnproof", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file that holds a right implementation."""
    (tmp_path / "mine.py").write_text(GOOD)
    return tmp_path


def test_a_right_file_conforms(folder: Path) -> None:
    """The main job: exit status 0, and the last line says so."""
    done = run("check", "mine.py:Mine", "--profile", "quick", cwd=folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "conforms" in done.stdout.splitlines()[-1]


def test_a_wrong_file_is_told_why(folder: Path) -> None:
    """Exit status 1, with what was got, what was due and where."""
    (folder / "mine.py").write_text(GOOD.replace("np.sqrt(var + eps)", "(np.sqrt(var) + eps)"))
    done = run("check", "mine.py:Mine", "--profile", "quick", cwd=folder)

    assert done.returncode == 1
    for expected in ("FAIL forward/agreement", "got", "want", "error/bound", "float64"):
        assert expected in done.stdout


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nowhere.py:Mine", "nowhere.py"),
        ("no_such_module:Mine", "no_such_module"),
        ("mine.py:Yours", "Yours"),
        ("mine", "mine"),
        ("mine.py:GOOD", "GOOD"),
        ("raises.py:Mine", "boom"),
        ("number.py:value", "int"),
        ("none.py:Mine", "None"),
        ("three.py:Mine", "3 results"),
        ("always.py:Mine", "refused"),
        ("words.py:Mine", "momentum_weighs"),
    ],
)
def test_what_cannot_be_used(folder: Path, target: str, expected: str) -> None:
    """Exit status 2 and a message of one or two lines, never a traceback of ours."""
    files = {
        "raises.py": "raise RuntimeError('boom')",
        "number.py": "value = 3",
        "none.py": "class Mine:\n    def infer(self, *a, **k): return None",
        "three.py": "class Mine:\n    def infer(self, x, *a, **k): return x, x, x",
        "always.py": "class Mine:\n    def infer(self, *a, **k): raise ValueError('refused')",
        "words.py": "class Mine:\n    momentum_weighs = 'both'\n    def infer(self): ...",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    done = run("check", target, cwd=folder)

    assert done.returncode == 2, done.stdout + done.stderr
    assert expected in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert len((done.stderr + done.stdout).strip().splitlines()) <= 6


@pytest.mark.parametrize(
    ("change", "due"),
    [
        (("gamma * xhat + beta,", "(gamma * xhat + beta).astype('float32'),"), "dtype-and-shape"),
        (("gamma * xhat + beta,", "(gamma * xhat + beta)[:1],"), "dtype-and-shape"),
        (("gamma * xhat + beta,", "(gamma * xhat + beta).tolist(),"), ""),
        (("n = len(x)", "n = len(x)\n        if n > 200: raise MemoryError('no')"), "agreement"),
    ],
)
def test_wrong_results_are_verdicts(folder: Path, change: tuple[str, str], due: str) -> None:
    """A wrong dtype or shape, or an exception later, is a verdict; a list is read as an array."""
    (folder / "mine.py").write_text(GOOD.replace(*change))
    done = run("check", "mine.py:Mine", "--profile", "quick", "--json", "out.json", cwd=folder)
    report = json.loads((folder / "out.json").read_text())
    failed = [r["property"] for r in report["results"] if r["verdict"] == "fail"]

    assert done.returncode == (1 if due else 0), done.stdout + done.stderr
    assert any(due in name for name in failed) == bool(due)


def test_unknown_property_and_dtype(folder: Path) -> None:
    """A misspelt option must not check nothing and call it a success."""
    for option, value in (("--property", "forward/bais*"), ("--dtype", "float23")):
        done = run("check", "mine.py:Mine", option, value, cwd=folder)
        assert done.returncode == 2
        assert value in done.stderr


def test_a_crash_and_a_hang_are_verdicts(folder: Path) -> None:
    """The run goes on after a target that takes its process with it."""
    crash = "n = len(x)\n        if n == 129:\n            import os; os._exit(3)"
    (folder / "mine.py").write_text(GOOD.replace("n = len(x)", crash))
    done = run("check", "mine.py:Mine", "--profile", "quick", "--json", "-", cwd=folder)
    report = json.loads(done.stdout)

    assert done.returncode == 1
    assert "crashed" in {r["verdict"] for r in report["results"]}
    assert any(r["verdict"] == "pass" for r in report["results"])


def test_json_is_of_its_schema_and_repeatable(folder: Path) -> None:
    """The fields are promises, and the same seed gives the same counterexamples."""
    broken = GOOD.replace("dbeta + xhat * dgamma", "dbeta")
    (folder / "mine.py").write_text(broken)
    arguments = ("check", "mine.py:Mine", "--seed", "7", "--json", "-")
    first, second = (json.loads(run(*arguments, cwd=folder).stdout) for _ in range(2))
    schema = json.loads((Path(bnproof.report.__path__[0]) / "schema.json").read_text())
    jsonschema.validate(first, schema)

    assert first["schema"] == 1
    assert first["conforms"] is False
    assert first["results"] == second["results"]


def test_help_is_light(tmp_path: Path) -> None:
    """--help must not wait for torch or sympy."""
    code = (
        "import sys; from bnproof.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'sympy', 'hypothesis'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_course_functions(tmp_path: Path) -> None:
    """A pair of functions is a target, and its mistake is found."""
    (tmp_path / "exercise.py").write_text(
        "import numpy as np\n"
        "def forward(x, gamma, beta, p):\n"
        "    m, eps = p.get('momentum', 0.9), p.get('eps', 1e-5)\n"
        "    if p['mode'] == 'test':\n"
        "        r = 1 / np.sqrt(p['running_var'] + eps)\n"
        "        return gamma * (x - p['running_mean']) * r + beta, None\n"
        "    mean, var = x.mean(0), x.var(0)\n"
        "    r = 1 / np.sqrt(var + eps)\n"
        "    p['running_mean'] = m * p['running_mean'] + (1 - m) * mean\n"
        "    p['running_var'] = m * p['running_var'] + (1 - m) * var\n"
        "    return gamma * (x - mean) * r + beta, ((x - mean) * r, gamma * r)\n"
        "def backward(dy, cache):\n"
        "    xhat, scale = cache\n"
        "    dbeta, dgamma = dy.sum(0), (dy * xhat).sum(0)\n"
        "    return scale * (dy - (dbeta + xhat * dgamma) / len(dy)), dgamma, dbeta\n"
        "def wrong(dy, cache):\n"
        "    xhat, scale = cache\n"
        "    return scale * dy, (dy * xhat).sum(0), dy.sum(0)\n"
    )
    right = run("check", "exercise.py:forward,backward", "--profile", "quick", cwd=tmp_path)
    wrong = run("check", "exercise.py:forward,wrong", "--profile", "quick", cwd=tmp_path)

    assert right.returncode == 0, right.stdout
    assert wrong.returncode == 1
    assert "backward/sum-zero" in wrong.stdout
