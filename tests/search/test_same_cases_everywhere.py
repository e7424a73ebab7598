"""The seed alone decides which cases are searched, wherever bnproof is and whatever is imported."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import bnproof

PACKAGE = Path(bnproof.__file__).resolve().parent
LISTED = """
import hashlib, sys
from types import SimpleNamespace
sys.path[:0] = sys.argv[1:]
if sys.argv[2:]:
    import full_of_constants
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.search.cases import search
from bnproof.engine.search.layer_lives import search_lives

def show(case):
    arrays = case.x, case.dy, case.gamma, case.beta, case.running_mean, case.running_var
    data = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    settings = case.eps, case.momentum, case.calls, sorted(case.layouts.items()), case.script
    print(case.name, case.x.shape, settings, data)
    return data

def run(case):
    return SimpleNamespace(worst=int(show(case)[:2], 16) / 256)  # what guides the search

def live(case):
    show(case)
    return []

print(sys.modules["bnproof"].__file__, file=sys.stderr)
declaration = Declaration(methods=("layer",))
for seed in range(8):
    print("seed", seed)
    search(run, declaration, "float32", examples=100, seed_value=seed, violates=lambda _: False)
    search_lives(live, declaration, "float32", examples=15, seed_value=seed)
"""


def listed(*paths: Path) -> tuple[str, Path]:
    """The searched cases by a process that imports from some folders, and where its bnproof is."""
    command = [sys.executable, "-P", "-c", LISTED, *map(str, paths)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(  # noqa: S603  # our own package
        command, check=True, capture_output=True, text=True, env=environment, timeout=600
    )
    return done.stdout, Path(done.stderr.splitlines()[-1]).parent


def test_installed_and_from_source(tmp_path: Path) -> None:
    """Catches cases that change with the folder of the code, or with a module beside it.

    Hypothesis collects constants from modules that are not installed, which those of the first
    process are; the second one imports one more.
    """
    installed, other = tmp_path / "lib" / "site-packages", tmp_path / "work"
    for place in installed, other:
        copytree(PACKAGE, place / "bnproof", ignore=ignore_patterns("__pycache__"))
    constants = "\n".join(f"c{n} = {n * n + 100}" for n in range(1000))
    (other / "full_of_constants.py").write_text(constants, encoding="utf-8")

    from_installed, where = listed(installed)
    assert where == installed / "bnproof"
    from_source, where = listed(other, tmp_path)
    assert where == other / "bnproof"

    assert len(from_installed.splitlines()) >= 8 * 116
    assert from_source == from_installed
