"""The script of a failure stands alone: it fails in a process of its own, until it is mended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.replay.conftest import Check, mend

from bnproof.cli.main import run
from bnproof.replay.script_exit import ScriptExit

KINDS = {
    "train": ("functions.py:BN", "backward/agreement", "float32"),
    "infer": ("functions.py:BN", "inference/agreement", "float32"),
    "double backward": ("functions.py:Double", "backward/double-backward", "float64"),
    "statistics": ("functions.py:MovesStatistics", "running/untouched-by-inference", "float64"),
    "an input": ("functions.py:OverwritesDy", "backward/inputs-unchanged", "float64"),
    "layer": ("layers.py:BN", "layer/training", "float64"),
    "no beta": ("functions.py:GammaOnly", "forward/agreement", "float64"),
    "layer without beta": ("layers.py:GammaOnly", "layer/training", "float64"),
    "torch": ("modules.py:BN", "inference/agreement", "float32"),
    "double": ("functions.py:BN", "backward/double-backward", "float32"),
    "double of torch": ("modules.py:BN", "backward/double-backward", "float32"),
    "course": ("course.py:forward,backward", "backward/agreement", "float64"),
}


def ended(path: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script where bnproof cannot be imported."""
    block = f"import sys; sys.modules['bnproof'] = None; sys.argv = [{str(path)!r}]; import runpy; "
    command = [sys.executable, "-c", f"{block} runpy.run_path({str(path)!r}, run_name='__main__')"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(  # noqa: S603  # this Python, a script that was just written
        command, capture_output=True, text=True, timeout=120, check=False, env=environment
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_script_fails_until_mended(
    kind: str, project: Path, failing: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a script that needs bnproof, calls otherwise than the check did, or always fails."""
    target, name, dtype = KINDS[kind]
    replay = failing(target, name, dtype)
    script = project / "failure.py"

    assert run(["replay", replay, "--script", str(script)]) == 0
    assert "the script fails, as the failure does" in capsys.readouterr().err
    process = ended(script)
    assert process.returncode == ScriptExit.FAILS, process.stderr
    assert process.stdout.endswith("it fails\n")
    assert "want" in process.stdout or kind == "an input"

    mend(project / target.split(":")[0])
    process = ended(script)
    assert process.returncode == ScriptExit.FIXED, process.stdout + process.stderr
    assert process.stdout.endswith("fixed\n")
