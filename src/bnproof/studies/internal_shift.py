"""Internal covariate shift as it was measured: a layer's gradient, before others moved and after."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference import Architecture, Network, initialized, mini_batches
from bnproof.reference.checks import Array
from bnproof.studies.digits import CLASSES, INPUTS, drawn
from bnproof.studies.study import BLUE, ORANGE, Advance, Numbers, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (INPUTS, 20, 20, 20, CLASSES)
LAYER = 3
EXAMPLES, BATCH, EPOCHS, RATE = 512, 64, 6, 0.3
RUNS = 8


def shifted(network: Network, X: Array, Y: Array) -> tuple[float, float]:
    """Take a step; return how the gradient by W of a layer changed as the layers before it moved.

    Both are of Santurkar and others' definition 2.1: the norm of G - G', relative to that of G,
    and the cosine between the two.  G is the gradient before the step, G' the one after the step
    has been taken in all layers before this one, and in no other.
    """
    _, gradients = network.backward(Y, network.forward(X))
    before = network.parameters
    stepped = {name: value - RATE * gradients[name] for name, value in before.items()}
    earlier = {name for name in before if int(name.lstrip("Wgamebt")) < LAYER}
    network.parameters = {n: stepped[n] if n in earlier else before[n] for n in before}
    _, after = network.backward(Y, network.forward(X))
    network.parameters = stepped
    one, other = gradients[f"W{LAYER}"].ravel(), after[f"W{LAYER}"].ravel()
    norm = float(np.linalg.norm(one))
    cosine = float(one @ other / (norm * np.linalg.norm(other)))
    return float(np.linalg.norm(one - other)) / norm, cosine


def run(seed: int, advance: Advance) -> Numbers:
    """Several trainings, each from the same weights with and without batch normalization."""
    numbers: Numbers = {}
    steps = EPOCHS * EXAMPLES // BATCH
    for name in ("with", "without"):
        numbers |= {f"{what}, {name}": np.empty((RUNS, steps)) for what in ("change", "cosine")}
    for number in range(RUNS):
        data = drawn(EXAMPLES, np.random.default_rng(seed + number))
        for name in ("with", "without"):
            rng = np.random.default_rng(seed + number)
            architecture = Architecture(SIZES, "tanh", normalize=name == "with")
            network = initialized(architecture, rng)
            batches = (batch for _ in range(EPOCHS) for batch in mini_batches(*data, BATCH, rng))
            found_ = [shifted(network, *batch) for batch in batches]
            numbers[f"change, {name}"][number] = [change for change, _ in found_]
            numbers[f"cosine, {name}"][number] = [cosine for _, cosine in found_]
        advance(number + 1, RUNS, "trainings")
    return numbers


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Both measures over training: the mean of the runs, and each of them thinly."""
    axes = figure.subplots(1, 2)
    titles = {
        "change": "change of the gradient, relative",
        "cosine": "cosine to the gradient after",
    }
    for panel, (what, title) in zip(axes, titles.items(), strict=True):
        for name, colour in (("without", ORANGE), ("with", BLUE)):
            values = numbers[f"{what}, {name}"]
            panel.plot(values.T, color=colour, lw=0.4, alpha=0.35)
            panel.plot(values.mean(axis=0), color=colour, lw=2, label=f"{name} BN")
        panel.set_title(title)
        panel.set_xlabel("step of training")
        panel.legend(fontsize=8)
    axes[0].set_ylim(bottom=0)


def found(numbers: Numbers) -> str:
    """Means over runs and steps."""
    change, cosine = (
        [float(numbers[f"{what}, {name}"].mean()) for name in ("without", "with")]
        for what in ("change", "cosine")
    )
    more = int(
        (numbers["change, with"].mean(axis=1) > numbers["change, without"].mean(axis=1)).sum()
    )
    return (
        f"As the layers before it move, the gradient of W[{LAYER}] changes by {change[0]:.0%} of "
        f"its size without batch normalization and by {change[1]:.0%} with it (more with it in "
        f"{more} of {RUNS} trainings); the mean cosines are {cosine[0]:.3f} and {cosine[1]:.3f}."
    )


STUDY = Study(
    name="internal-shift",
    title="Internal covariate shift, measured",
    claim="Batch normalization helps because it reduces internal covariate shift (disputed).",
    theorem="covariate-shift",
    properties=("network/moments-stay",),
    see="If batch normalization made layers independent of those before them, blue would lie below "
    "orange on the left and above it on the right; it does not.",
    run=run,
    draw=draw,
    found=found,
    discussion="Mean and variance of each unit do stay (study hidden-distribution), but a layer's "
    "gradient is not steadier for it. Santurkar and others found the same in deep networks, and "
    "added noise with a shifting mean and variance behind batch normalization without harm; they "
    "hold that it smooths the cost. Others explain its effect by the larger learning rates that "
    "it permits (Bjorck and others) or by how it treats the scale of weights (Arora and others). "
    "So the theorem that the lectures' explanation rests on is right, and the explanation is "
    "not established.",
    literature=(
        "Santurkar, Tsipras, Ilyas, Madry (2018), How Does Batch Normalization Help Optimization?",
        "Bjorck, Gomes, Selman, Weinberger (2018), Understanding Batch Normalization",
        "Arora, Li, Lyu (2019), Theoretical Analysis of Auto Rate-Tuning by Batch Normalization",
        "Ioffe, Szegedy (2015), Batch Normalization, section 2",
    ),
)
