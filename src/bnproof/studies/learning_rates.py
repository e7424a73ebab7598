"""Loss after a short training, over a grid of learning rates and initial scales of the weights."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference import Architecture, GradientDescent, initialized, training
from bnproof.reference.checks import Array
from bnproof.studies.digits import CLASSES, INPUTS, drawn
from bnproof.studies.study import Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATES = 10.0 ** np.arange(-3.0, 1.5, 0.5)
SCALES = 2.0 ** np.arange(-5.0, 6.0, 2)
SIZES = (INPUTS, 20, 20, 20, CLASSES)
EXAMPLES, EPOCHS, BATCH = 512, 5, 32
CHANCE = float(np.log(CLASSES))
"""The cost of a network that knows nothing."""


def last_cost(rate: float, scale: float, *, normalize: bool, data: tuple[Array, Array]) -> float:
    """The mean cost of the last epoch; CHANCE where it is not finite, or higher."""
    rng = np.random.default_rng(0)
    network = initialized(Architecture(SIZES, "tanh", normalize=normalize), rng, scale=scale)
    steps = training(
        network, *data, GradientDescent(rate), epochs=EPOCHS, batch_size=BATCH, rng=rng
    )
    cost = float(np.mean([step.cost for step in steps][-EXAMPLES // BATCH :]))
    return min(cost, CHANCE) if np.isfinite(cost) else CHANCE


def trained_grid(
    seed: int, advance: Advance, rates: Array = RATES, scales: Array = SCALES
) -> Numbers:
    """Costs (scale, rate) with and without batch normalization; gradient descent, three layers."""
    data = drawn(EXAMPLES, np.random.default_rng(seed))
    numbers: Numbers = {"rates": rates, "scales": scales}
    total, done = 2 * len(rates) * len(scales), 0
    for name, normalize in (("with", True), ("without", False)):
        costs = np.empty((len(scales), len(rates)))
        for index in np.ndindex(costs.shape):
            scale, rate = float(scales[index[0]]), float(rates[index[1]])
            costs[index] = last_cost(rate, scale, normalize=normalize, data=data)
            done += 1
            advance(done, total, f"{name} BN, rate {rate:.3g}, scale {scale:.3g}")
        numbers[name] = costs
    return numbers


def learned(costs: Array) -> float:
    """The share of the grid whose cost is below half of chance.

    >>> learned(np.array([0.1, 2.3]))
    0.5
    """
    return float(np.mean(costs < CHANCE / 2))


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Two maps of the cost, one colour scale."""
    axes = figure.subplots(1, 2, sharey=True)
    for panel, name in zip(axes, ("without", "with"), strict=True):
        image = panel.imshow(
            numbers[name], origin="lower", aspect="auto", cmap="viridis_r", vmin=0, vmax=CHANCE
        )
        panel.grid(visible=False)
        panel.set_title(f"{name} batch normalization: {learned(numbers[name]):.0%} learn")
        ticks = range(0, len(numbers["rates"]), 2)
        panel.set_xticks(ticks, [f"{numbers['rates'][i]:.2g}" for i in ticks])
        panel.set_xlabel("learning rate")
    axes[0].set_yticks(range(len(numbers["scales"])), [f"{s:g}" for s in numbers["scales"]])
    axes[0].set_ylabel("initial weights, times He's")
    figure.colorbar(image, ax=axes, label=f"cost of the last epoch (chance: {CHANCE:.2f})")


def found(numbers: Numbers) -> str:
    """Shares of the grid, with and without."""
    return (
        f"Half of chance is reached on {learned(numbers['with']):.0%} of the grid with batch "
        f"normalization, and on {learned(numbers['without']):.0%} without."
    )


@study(
    name="learning-rates",
    title="Learning rates and initial scales that work",
    claim="With batch normalization training is faster, and survives a much wider range of "
    "learning rates and initial weights.",
    theorem="weight-scale",
    properties=("network/weight-scale", "network/weight-orthogonality", "forward/scale-law"),
    see="Bright is learned: with batch normalization the bright area is larger, and reaches "
    "learning rates and initial scales at which a plain network does not learn.",
    draw=draw,
    found=found,
    discussion="The output does not see the scale of W, and the gradient is divided by it "
    "(theorem weight-scale): weights that are too large slow their own steps down, and W . dW, "
    "which is nearly 0, makes them longer until the steps are small enough. This explanation is "
    "less disputed than that by covariate shift (study internal-shift).",
    literature=(
        "Ioffe, Szegedy (2015), Batch Normalization, section 3.3",
        "Bjorck, Gomes, Selman, Weinberger (2018), Understanding Batch Normalization",
        "Arora, Li, Lyu (2019), Theoretical Analysis of Auto Rate-Tuning by Batch Normalization",
    ),
)
def learning_rates(seed: int, advance: Advance) -> Numbers:
    """The whole grid."""
    return trained_grid(seed, advance)
