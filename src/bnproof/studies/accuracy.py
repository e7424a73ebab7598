"""Accuracy that is kept by three ways to form a variance, against how far the mean is from 0."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bnproof.engine.model.formats import FORMATS
from bnproof.engine.truth.bounds import Quantities, ladder
from bnproof.engine.truth.bounds.statistics import ALGORITHMS
from bnproof.engine.truth.oracle import batch_truth
from bnproof.reference.checks import Array
from bnproof.studies.study import BLUE, GREEN, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

M, CHANNELS = 256, 24
RATIOS = 2.0 ** np.arange(0, 25, 1.0)
"""|mean| / standard deviation."""

SINGLE = FORMATS["float32"]


def two_pass(x: Array) -> Array:
    """The mean first, then the mean of the centred squares; x is (m, C)."""
    centred = x - x.mean(axis=0)
    return np.asarray((centred * centred).mean(axis=0))


def streaming(x: Array) -> Array:
    """Welford's: each sample corrects the mean and the sum of squares."""
    mean, squares = np.zeros_like(x[0]), np.zeros_like(x[0])
    for k, value in enumerate(x, 1):
        delta = value - mean
        mean = mean + delta / x.dtype.type(k)
        squares = squares + delta * (value - mean)
    return np.asarray(squares / x.dtype.type(len(x)))


def one_pass(x: Array) -> Array:
    """max(0, E[x^2] - E[x]^2)."""
    mean = x.mean(axis=0)
    return np.asarray(np.maximum((x * x).mean(axis=0) - mean * mean, 0))


VARIANCES: dict[str, Callable[[Array], Array]] = {
    "two-pass": two_pass,
    "streaming": streaming,
    "one-pass": one_pass,
}
COLOURS = {"two-pass": BLUE, "streaming": GREEN, "one-pass": ORANGE}


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Errors as points, bounds as lines, both axes logarithmic."""
    axes = figure.subplots()
    for name, colour in COLOURS.items():
        axes.plot(numbers["ratios"], numbers[f"bound, {name}"], "--", color=colour, lw=1)
        axes.plot(numbers["ratios"], numbers[name], "o-", color=colour, markersize=3, label=name)
    axes.axhline(1, color="#777777", lw=1)
    axes.text(1.2, 1.6, "nothing is right", color="#555555", fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(1e-8, 1e9)
    axes.set_xlabel("|mean| / standard deviation")
    axes.set_ylabel("relative error of the variance, float32")
    axes.legend(title="points: measured\ndashed: bound", loc="upper left", fontsize=9)


def lost_at(numbers: Numbers, name: str) -> float:
    """The first ratio at which the error exceeds 1 %; infinite if none does."""
    beyond = np.flatnonzero(numbers[name] > 0.01)
    return float(numbers["ratios"][beyond[0]]) if beyond.size else float("inf")


def found(numbers: Numbers) -> str:
    """Where each loses more than a hundredth."""
    places = ", ".join(f"{name} at {lost_at(numbers, name):.0f}" for name in VARIANCES)
    return f"The variance is off by more than 1 % from this |mean| / deviation on: {places}."


@study(
    name="accuracy",
    title="What cancellation leaves of the variance",
    claim="E[x^2] - E[x]^2 is the variance only on paper; in floating point it cancels.",
    theorem="variance-about-another-centre",
    properties=("forward/agreement", "running/one-step"),
    see="All three follow the slope of their bound: the error of one pass grows with the square of "
    "|mean| / deviation, until the difference is below 0 and clamped, and that of streaming in "
    "proportion; two passes keep all digits for long.",
    draw=draw,
    found=found,
    size=(8.0, 5.0),
    literature=(
        "Chan, Golub, LeVeque (1983), Algorithms for Computing the Sample Variance",
        "Higham (2002), Accuracy and Stability of Numerical Algorithms, section 1.9",
    ),
)
def accuracy(seed: int, advance: Advance) -> Numbers:
    """Worst relative errors over channels in float32, (ratios,), and the derived bounds."""
    rng = np.random.default_rng(seed)
    arithmetic = ladder(SINGLE, SINGLE)["one-pass"]
    errors: dict[str, list[float]] = {name: [] for name in VARIANCES}
    limits: dict[str, list[float]] = {name: [] for name in VARIANCES}
    for done, ratio in enumerate(RATIOS, 1):
        x = (rng.normal(size=(M, CHANNELS)) + ratio).astype(np.float32)
        ones, zeros = np.ones(CHANNELS), np.zeros(CHANNELS)
        truth = batch_truth(x, ones, zeros, 1e-5)
        exact = truth.values["var"][0]
        q = Quantities(x.astype(float), ones, zeros, 1e-5, truth, inference=False)
        for name, variance in VARIANCES.items():
            errors[name].append(float(np.max(np.abs(variance(x) - exact) / exact)))
            limits[name].append(float(np.max(ALGORITHMS[name](arithmetic, q)[1] / exact)))
        advance(done, len(RATIOS), f"mean/deviation {ratio:.0f}")
    numbers: Numbers = {"ratios": RATIOS}
    for name in VARIANCES:
        numbers |= {name: np.array(errors[name]), f"bound, {name}": np.array(limits[name])}
    return numbers
