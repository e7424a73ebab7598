"""Running averages on their way to the population, with the band that is predicted for them."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference import running_update, train_forward
from bnproof.reference.checks import Array
from bnproof.studies.study import BLACK, BLUE, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

M, STEPS, UNITS, MOMENTUM = 32, 120, 500, 0.95
MEAN, VAR = 2.0, 4.0
"""Of the population, which is normal; the averages start at 0 and 1."""


def predicted(start: float, level: float, spread: float) -> tuple[Array, Array]:
    """Expectation and variance of a running average before and after each step, (STEPS + 1,).

    For statistics of expectation `level` and variance `spread`, independent from batch to batch.
    """
    left = MOMENTUM ** np.arange(STEPS + 1.0)
    variance = spread * (1 - MOMENTUM) / (1 + MOMENTUM) * (1 - left**2)
    return left * start + (1 - left) * level, variance


def bands() -> dict[str, tuple[Array, Array]]:
    """What is predicted of both statistics; theorems running-moments, bessel and noise."""
    biased, of_var = VAR * (M - 1) / M, 2 * VAR**2 * (M - 1) / M**2
    return {
        "running mean": predicted(0.0, MEAN, VAR / M),
        "running variance": predicted(1.0, biased, of_var),
    }


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Some runs, the predicted expectation, and a band of two standard deviations about it."""
    axes = figure.subplots(1, 2)
    for panel, (name, (expected, variance)) in zip(axes, bands().items(), strict=True):
        steps = np.arange(STEPS + 1)
        panel.plot(numbers[name][:, :12], color=BLUE, lw=0.5, alpha=0.6)
        width = 2 * np.sqrt(variance)
        panel.fill_between(steps, expected - width, expected + width, color=ORANGE, alpha=0.3, lw=0)
        panel.plot(expected, color=ORANGE, lw=2, label="predicted, ± 2 deviations")
        panel.axhline(
            MEAN if name == "running mean" else VAR, color=BLACK, lw=1, ls="--", label="population"
        )
        panel.set_title(name)
        panel.set_xlabel("mini-batches seen")
        panel.legend(loc="lower right", fontsize=8)


def within(numbers: Numbers, name: str) -> float:
    """The share of runs within the band of two deviations, at the last step."""
    expected, variance = bands()[name]
    off = np.abs(numbers[name][-1] - expected[-1])
    return float(np.mean(off <= 2 * np.sqrt(variance[-1])))


def found(numbers: Numbers) -> str:
    """Shares within the band."""
    shares = [f"{within(numbers, name):.1%}" for name in bands()]
    return (
        f"After {STEPS} mini-batches {shares[0]} of {UNITS} running means, and {shares[1]} of the "
        "running variances, are within two predicted deviations (95.4 % if they were normal)."
    )


@study(
    name="running-averages",
    title="Running averages converge, up to a predicted band",
    claim="At test time mu and sigma^2 come from exponentially weighted averages across "
    "mini-batches.",
    theorem="running-moments",
    properties=("running/many-steps", "running/convergence", "network/averages-converge"),
    see="The averages rise to the level that is predicted and then stay within the band, whose "
    "width does not vanish; the variance's level is 1/32 below the population's, dashed, since "
    "the batch's variance is biased.",
    draw=draw,
    found=found,
    literature=("Ioffe, Szegedy (2015), Batch Normalization, section 3.1 and Algorithm 2",),
)
def running_averages(seed: int, advance: Advance) -> Numbers:
    """Many units, each with batches of its own: their averages (STEPS + 1, UNITS)."""
    rng = np.random.default_rng(seed)
    mean, var = np.zeros(UNITS), np.ones(UNITS)
    means, variances = [mean], [var]
    for step in range(1, STEPS + 1):
        _, cache = train_forward(rng.normal(MEAN, np.sqrt(VAR), (M, UNITS)))
        mean, var = running_update(
            mean,
            var,
            cache,
            momentum=MOMENTUM,
            momentum_weighs="old",
            running_variance="biased",
        )
        means.append(mean)
        variances.append(var)
        advance(step, STEPS, "steps")
    return {"running mean": np.array(means), "running variance": np.array(variances)}
