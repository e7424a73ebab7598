"""A target that does everything wrong to its process is judged to the end, by the real command."""

import json
import subprocess
import sys
from pathlib import Path

HOSTILE = """
import ctypes, os, time
from bnproof.reference import BatchNorm

class BN(BatchNorm):
    dtypes, ranks, layer = ("float32",), (2,), None

    def train(self, x, *arguments, **settings):
        if len(x) == 3:
            ctypes.string_at(0)
        elif len(x) == 4096:
            time.sleep(1000)
        elif len(x) == 32:
            self.kept = bytearray(4 << 30)
        print("y" * 100_000)
        return super().train(x, *arguments, **settings)
"""
LIMITS = ["--timeout", "0.5", "--memory", "1G"]


def test_verdicts(tmp_path: Path) -> None:
    """Catches a crash, a hang or a lack of memory that takes other properties with it."""
    (tmp_path / "hostile.py").write_text(HOSTILE, encoding="utf-8")
    command = ["check", "hostile.py:BN", "--profile", "quick", "--json", "report.json"]
    done = subprocess.run(  # noqa: S603  # this Python, this package
        [sys.executable, "-m", "bnproof", *command, *LIMITS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "yyy" not in done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    results = {result["property"]: result for result in report["results"]}
    assert results["forward/agreement"]["verdict"] == "crashed"
    assert results["inference/single-example"]["verdict"] == "pass"
    assert report["cases"] == report["promised"]
    for said in ("killed by SIGSEGV in the call 'train'", "no answer after", "raised MemoryError"):
        assert said in done.stdout
