"""What truth and judging by it cost: in seconds, and in units of a loop timed in the same run.

The unit is the time that this Python takes to add up 10^6 integers one by one, so that the ratios
can be compared between machines, and between runs on a machine that does other things as well.

Usage: python benchmarks/truth.py [values]     (of the calls that are certified; default 10^7)
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.certify import Call, certify
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.oracle import batch_truth

SHAPES = ((8, 4), (32, 4), (256, 8), (4096, 64), (262144, 1))
CALLS = (("y", 64), ("y", 1), ("all", 64), ("all", 1))
"""What is certified, and channels: each in a process of its own, whose memory is its own."""


def fastest(form: Callable[[], object], repeats: int = 5) -> float:
    """Seconds of CPU of the fastest of some calls."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        form()
        best = min(best, time.process_time() - began)
    return best


def unit() -> float:
    """Seconds of a million additions, one by one."""

    def add() -> int:
        total = 0
        for number in range(10**6):
            total += number
        return total

    return fastest(add)


def oracle(count: int, channels: int, dtype: str) -> float:
    """Seconds for all outputs of one batch, forward and backward."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, count, channels)).astype(dtype)
    one, zero = np.ones(channels), np.zeros(channels)

    def form() -> list[Any]:
        return list(batch_truth(x, one, zero, 1e-5, dy=dy).values.values())

    return fastest(form)


def call(what: str, values: int, channels: int) -> Call:
    """A call of float32, by a plain evaluation."""
    rng = np.random.default_rng(0)
    shape = (values // channels, channels)
    x = rng.standard_normal(shape, np.float32)
    x += np.float32(1)
    mean = x.mean(0, dtype=np.float64).astype(np.float32)
    inv_std = (1 / np.sqrt(x.var(0, dtype=np.float64) + 1e-5)).astype(np.float32)
    y = (x - mean) * inv_std
    if what == "y":
        return Call(x=x, y=y, eps=1e-5)
    dy = rng.standard_normal(shape, np.float32)
    dbeta = dy.sum(0, dtype=np.float64).astype(np.float32)
    dgamma = np.einsum("nc,nc->c", dy, y, dtype=np.float64).astype(np.float32)
    count = np.float32(len(x))
    dx: Array = inv_std * (dy - dbeta / count - y * (dgamma / count))
    return Call(
        x=x, y=y, eps=1e-5, dy=dy, dx=dx, dgamma=dgamma, dbeta=dbeta, mean=mean, inv_std=inv_std
    )


def certified(what: str, values: int, channels: int) -> str:
    """One call in this process: seconds, and memory before and at its peak."""
    made = call(what, values, channels)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, seconds = time.perf_counter(), time.process_time()
    worst = max(certify(made)["two-pass"].values())
    wall, seconds = time.perf_counter() - wall, time.process_time() - seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{seconds} {wall} {before // 1024} {peak // 1024} {worst:.2g}"


def main() -> None:
    """Print one line per measure."""
    if len(sys.argv) > 2:
        print(certified(sys.argv[1], *map(int, sys.argv[2:])))
        return
    values = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7
    one = unit()
    print(f"unit: 10^6 additions, {one:.3f} s")
    for dtype in ("float32", "float64"):
        for count, channels in SHAPES:
            seconds = oracle(count, channels, dtype)
            rate, ratio = count * channels / seconds, seconds / one
            shape = f"{count} x {channels}"
            print(f"oracle {dtype} {shape:12} {rate:10.0f} elements/s {ratio:9.4f} units")
    for what, channels in CALLS:
        command = (sys.executable, __file__, what, str(values), str(channels))
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        used, wall, before, peak, worst = printed.split()
        print(
            f"certify {what:3} of {values:.0e} float32, {channels:2} channels: "
            f"{float(used):5.2f} s CPU, {float(wall):5.2f} s wall, "
            f"{float(used) / one:6.1f} units, "
            f"{before} MB before, {peak} MB at its peak, worst ratio {worst}"
        )


if __name__ == "__main__":
    main()
