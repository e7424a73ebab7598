"""The noise of mini-batches: one sample's normalized value in many of them, by their size."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference import inference_forward, train_forward
from bnproof.reference.checks import Array
from bnproof.studies.study import BLACK, BLUE, GREEN, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = 2 ** np.arange(3, 11)
BATCHES = 4000
SAMPLES = (-1.0, 0.0, 1.0, 2.0)
COLOURS = (GREEN, BLACK, BLUE, ORANGE)
POPULATIONS = {"normal": (0.0, 3.0), "exponential": (2.0, 9.0)}
"""Skewness gamma_3 and kurtosis kappa_4 of each."""


def first_order(z: float, skewness: float, kurtosis: float, m: Array) -> Array:
    """The theorem's variance, (1 + z gamma_3 + z^2 (kappa_4 - 1) / 4) / m.

    >>> float(first_order(2.0, 0.0, 3.0, np.array(4)))
    0.75
    """
    return np.asarray((1 + z * skewness + z * z * (kurtosis - 1) / 4) / m)


def standardized(population: str, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Random numbers of mean 0 and variance 1."""
    return rng.normal(size=shape) if population == "normal" else rng.exponential(size=shape) - 1


def normalized(population: str, m: int, rng: np.random.Generator) -> Array:
    """Samples z standard deviations from the mean, normalized by many batches, (BATCHES, z)."""
    _, cache = train_forward(standardized(population, (m, BATCHES), rng), eps=1e-12)
    samples = np.repeat(np.array(SAMPLES)[:, None], BATCHES, axis=1)
    statistics = cache.mean[:, 0], cache.var[:, 0]
    return inference_forward(samples, None, None, *statistics, eps=1e-12)[0].T


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Measured variances as points, the theorem as lines, both axes logarithmic."""
    axes = figure.subplots(1, 2, sharey=True)
    m = np.geomspace(numbers["sizes"][0], numbers["sizes"][-1], 50)
    for panel, (population, shape) in zip(axes, POPULATIONS.items(), strict=True):
        for column, (z, colour) in enumerate(zip(SAMPLES, COLOURS, strict=True)):
            panel.plot(m, first_order(z, *shape, m), color=colour, lw=1)
            panel.errorbar(
                numbers["sizes"],
                numbers[f"variance, {population}"][:, column],
                2 * numbers[f"error, {population}"][:, column],
                fmt="o",
                markersize=4,
                color=colour,
                label=f"z = {z:g}",
            )
        panel.set_title(f"{population} population")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xlabel("size of the mini-batch")
        panel.legend(title="points: measured\nlines: theorem", fontsize=8, title_fontsize=8)
    axes[0].set_ylabel("variance of z_norm over batches")


def found(numbers: Numbers) -> str:
    """The slope between the largest sizes, and the theorem met there."""
    variances = numbers["variance, normal"]
    ratio = float(variances[0, 1] / variances[-1, 1])
    theory = first_order(1.0, *POPULATIONS["normal"], numbers["sizes"][-1])
    near = float(variances[-1, 2] / theory)
    return (
        f"From batches of {numbers['sizes'][0]} to {numbers['sizes'][-1]} the variance of the mean "
        f"sample falls {ratio:.0f}-fold; for z = 1 and the largest it is {near:.3f} times the "
        "theorem's."
    )


@study(
    name="batch-noise",
    title="The noise of mini-batches falls with their size",
    claim="Mini-batch statistics add noise, which regularizes a little, and less for larger "
    "mini-batches.",
    theorem="noise",
    properties=("network/noise",),
    see="The points lie on the theorem's lines from about 64 on, and fall as 1/m: samples far from "
    "the mean are shaken more, and with a skewed population those on its long side.",
    draw=draw,
    found=found,
    discussion="That there is such noise, and how much, is proved and measured here. That it "
    "regularizes is the lectures' reading, which they call a side effect; how much it matters "
    "depends on the task.",
    literature=(
        "Luo, Wang, Shao, Peng (2019), Towards Understanding Regularization in Batch Normalization",
        "Teye et al. (2018), Bayesian Uncertainty Estimation for Batch Normalized Deep Networks",
    ),
)
def batch_noise(seed: int, advance: Advance) -> Numbers:
    """The variance over batches of each sample's normalized value, and its standard error."""
    rng = np.random.default_rng(seed)
    numbers: Numbers = {"sizes": SIZES}
    total, done = len(POPULATIONS) * len(SIZES), 0
    for population in POPULATIONS:
        variances, errors = np.empty((2, len(SIZES), len(SAMPLES)))
        for row, m in enumerate(SIZES):
            squares = normalized(population, int(m), rng)
            squares = (squares - squares.mean(axis=0)) ** 2
            variances[row] = squares.sum(axis=0) / (BATCHES - 1)
            errors[row] = squares.std(axis=0) / np.sqrt(BATCHES)
            done += 1
            advance(done, total, f"{population}, batches of {m}")
        numbers |= {f"variance, {population}": variances, f"error, {population}": errors}
    return numbers
