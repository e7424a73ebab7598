"""What the project means to reach, measured: times and memory on this machine, in one run.

Usage: python benchmarks/reach.py
"""

import resource
import subprocess
import sys
import time

import numpy as np

from bnproof.engine.truth.oracle import batch_truth


def seconds(*command: str, repeats: int = 3) -> float:
    """The fastest of some runs of a command."""
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return best


def oracle_rate(count: int = 256, channels: int = 8) -> float:
    """Elements per second of all outputs, forward and backward."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, count, channels)).astype(np.float32)
    one, zero = np.ones(channels), np.zeros(channels)
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        batch_truth(x, one, zero, 1e-5, dy=dy)
        best = min(best, time.perf_counter() - began)
    return count * channels / best


def main() -> None:
    """Print one line per measure, beside what is meant to be reached."""
    bnproof = (sys.executable, "-m", "bnproof")
    both = ("--dtype", "float32", "--dtype", "float64")
    quick = seconds(*bnproof, "check", "reference", "--profile", "quick", *both)
    standard = seconds(*bnproof, "check", "reference", *both, repeats=1)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    light = seconds(*bnproof, "--help")
    for line in (
        f"check reference, quick      {quick:8.2f} s      reach 2 s",
        f"check reference, standard   {standard:8.2f} s      reach 20 s",
        f"largest process             {memory:8.0f} MB     reach 500 MB",
        f"bnproof --help              {light:8.2f} s      reach 0.3 s",
        f"oracle at 256 x 8           {oracle_rate():8.0f} /s     reach 300000 /s",
    ):
        print(line)


if __name__ == "__main__":
    main()
