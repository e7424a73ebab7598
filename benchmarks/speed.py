"""What commands cost: CPU seconds of all processes, and units of a loop timed in the same run.

Usage: python benchmarks/speed.py [--long]

The unit is the time that this Python takes to add up 10^6 integers one by one.  Only ratios can be
compared between machines and runs, so what is meant to be reached is given in units as well:
seconds on the machine where the first release was measured, on which a unit took `UNIT_THEN`.
``--long`` adds what takes minutes.  `benchmarks/truth.py` measures truth and `certify`.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import batch_norm
from truth import fastest, unit

from bnproof.mutants.catalogue import MUTANTS
from bnproof.reference.batch_norm import train_backward, train_forward

UNIT_THEN = 0.048
"""Seconds of a unit where the aims were set: 0.033 s times 29 / 20.  The first release took 29 s
there for the quick check of the reference, and 20 s where a unit takes 0.033 s."""

WRONG = "bnproof.mutants.backward:_NoMeanTerm"
"""A wrong implementation: dx leaves out that the mean depends on x."""


class Row(NamedTuple):
    """A command of bnproof, and the CPU seconds that are meant to be reached."""

    arguments: tuple[str, ...]
    aim: float


QUICK = ("--profile", "quick")
SHORT = (
    Row(("--help",), 0.25),
    Row(("derive", "--list"), 0.25),
    Row(("derive", "bias-gradient-zero"), 0.8),
    Row(("prove", "mean(dy) = dbeta/m"), 0.8),
    Row(("check", "reference", *QUICK), 4),
    Row(("check", WRONG, *QUICK), 3),
    Row(("check", "torch.nn:BatchNorm2d", *QUICK), 8),
)
LONG = (
    Row(("check", "reference"), 40),
    Row(("selftest", "--profile", "standard"), 300),
)


def cost(arguments: tuple[str, ...]) -> tuple[float, float]:
    """CPU seconds of a command with all its processes, and seconds on the clock."""

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before, began = spent(), time.perf_counter()
    subprocess.run((sys.executable, "-m", "bnproof", *arguments), check=False, capture_output=True)
    return spent() - before, time.perf_counter() - began


EACH = 20
"""One in so many mutants is checked."""

SHOWN = "from bnproof.mutants.catalogue import mutant_of\n\nBN = mutant_of({id!r}).shown()\n"


def of_mutants() -> tuple[float, float]:
    """Median and largest CPU seconds until a mutant is rejected with its cause, quick."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wrong.py"
        for mutant in MUTANTS[::EACH]:
            path.write_text(SHOWN.format(id=mutant.id), encoding="utf-8")
            found.append(cost(("check", f"{path}:BN", *QUICK))[0])
    return statistics.median(found), max(found)


def against_torch() -> float:
    """How many times as long as torch the reference takes, forward and backward, in one thread."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 256, 64, 14, 14), np.float32)
    one, zero = np.ones(64, np.float32), np.zeros(64, np.float32)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, one, zero)]
    upstream = torch.tensor(dy)

    def theirs() -> None:
        batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True).backward(upstream)

    def ours() -> None:
        train_backward(dy, train_forward(x, one, zero)[1])

    return fastest(ours, 10) / fastest(theirs, 10)


def main() -> None:
    """Print one line per measure, beside what is meant to be reached."""
    one = unit()
    print(f"unit: 10^6 additions, {one:.3f} s")
    for row in (*SHORT, *(LONG if "--long" in sys.argv else ())):
        cpu, wall = cost(row.arguments)
        print(
            f"{' '.join(row.arguments):60} {cpu:7.2f} s CPU {wall:7.2f} s wall "
            f"{cpu / one:8.1f} units, to reach {row.aim / UNIT_THEN:8.1f}"
        )
    if "--long" in sys.argv:
        median, most = of_mutants()
        print(
            f"{f'check of {len(MUTANTS[::EACH])} mutants, quick, median':60} {median:7.2f} s CPU "
            f"{median / one:26.1f} units, to reach {3 / UNIT_THEN:8.1f}; at most {most:.2f} s"
        )
    print(f"{'reference against torch, 256x64x14x14 float32':60} {against_torch():7.2f} times")


if __name__ == "__main__":
    main()
