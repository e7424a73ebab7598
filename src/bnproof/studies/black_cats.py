"""Black cats and coloured cats: trained on one input distribution, tried on a shifted one."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference import Adam, Architecture, Network, initialized, training
from bnproof.reference.checks import Array
from bnproof.studies.digits import CLASSES, INPUTS, drawn
from bnproof.studies.study import BLUE, GREEN, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (INPUTS, 24, 16, CLASSES)
EXAMPLES, BATCH, EPOCHS, TESTED = 1024, 32, 12, 2000
SHIFTS = np.linspace(0.0, 3.0, 13)
CURVES = (
    ("without BN", ORANGE, "s-"),
    ("with BN, running averages", BLUE, "o-"),
    ("with BN, statistics of the shifted batch", GREEN, "^-"),
)


def right(outputs: Array, Y: Array) -> float:
    """The share of examples whose largest output is at the label."""
    return float(np.mean(outputs.argmax(axis=0) == Y.argmax(axis=0)))


def trained(seed: int, *, normalize: bool) -> Network:
    """A network trained on digits of the usual brightness."""
    rng = np.random.default_rng(seed)
    network = initialized(Architecture(SIZES, "relu", normalize=normalize), rng)
    X, Y = drawn(EXAMPLES, rng)
    for _ in training(network, X, Y, Adam(), epochs=EPOCHS, batch_size=BATCH, rng=rng):
        pass
    return network


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Accuracy against the shift."""
    axes = figure.subplots()
    for name, colour, style in CURVES:
        axes.plot(numbers["shifts"], numbers[name], style, color=colour, label=name, markersize=4)
    axes.axhline(1 / CLASSES, color="#999999", lw=1, ls="--")
    axes.text(numbers["shifts"][-1], 1 / CLASSES + 0.015, "chance", ha="right", color="#666666")
    axes.set_xlabel("added to every pixel (ink is 1 above paper)")
    axes.set_ylabel("share of unseen digits that are right")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.12), fontsize=9)


def found(numbers: Numbers) -> str:
    """Accuracies at both ends."""
    ends = [f"{numbers[n][0]:.1%} to {numbers[n][-1]:.1%}" for n, _, _ in CURVES]
    return (
        f"From no shift to the largest, accuracy goes from {ends[0]} without batch normalization, "
        f"from {ends[1]} with running averages, and from {ends[2]} with the statistics of the "
        f"shifted digits, whose first Z~ moves by {numbers['moved']:.1e} at most."
    )


@study(
    name="black-cats",
    title="Black cats, then coloured ones",
    claim="A network trained on black cats does badly on coloured ones: covariate shift, of which "
    "batch normalization keeps later layers free.",
    theorem="bias-invariance",
    properties=("forward/bias-invariance", "network/bias-has-no-effect", "inference/agreement"),
    see="A shift of the inputs ruins a plain network, and one with batch normalization at test "
    "time as well; only where the statistics are taken from the shifted inputs is the curve flat.",
    draw=draw,
    found=found,
    size=(8.0, 4.6),
    discussion="A constant added to every pixel is a bias of Z[1], W[1] times it, and the mean of "
    "the batch takes it away (theorem bias-invariance): that curve is flat to rounding. At test "
    "time the mean is that of the training data, and protects from nothing. So batch "
    "normalization does not make a trained network robust against a shift of its inputs, as the "
    "example of the cats is sometimes understood; statistics of the new data do, for shifts that "
    "it can see.",
    literature=(
        "Shimodaira (2000), Improving predictive inference under covariate shift",
        "Li et al. (2016), Revisiting Batch Normalization for Practical Domain Adaptation",
    ),
)
def black_cats(seed: int, advance: Advance) -> Numbers:
    """Accuracy on unseen digits, to each pixel of which a constant is added."""
    networks = [trained(seed, normalize=normalize) for normalize in (False, True)]
    X, Y = drawn(TESTED, np.random.default_rng(seed + 1000))
    plain, normalized = networks
    curves: dict[str, list[float]] = {name: [] for name, _, _ in CURVES}
    Z_tilde = []
    for done, shift in enumerate(SHIFTS, 1):
        shifted = X + shift
        passed = normalized.forward(shifted)
        outputs = plain.infer(shifted), normalized.infer(shifted), passed.Z
        for (name, _, _), values in zip(CURVES, outputs, strict=True):
            curves[name].append(right(values, Y))
        Z_tilde.append(passed.layers[0].Z_tilde)
        advance(done, len(SHIFTS), "shifts")
    moved = max(float(np.abs(Z - Z_tilde[0]).max()) for Z in Z_tilde)
    return {**{n: np.array(v) for n, v in curves.items()}, "shifts": SHIFTS, "moved": moved}
