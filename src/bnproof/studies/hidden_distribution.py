"""The distribution of a hidden unit's input to its activation function, while training goes on."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.engine.model.names import PARAMETERS
from bnproof.reference import Architecture, GradientDescent, Network, initialized, training
from bnproof.reference.checks import Array
from bnproof.studies.digits import CLASSES, INPUTS, drawn
from bnproof.studies.study import BLACK, BLUE, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (INPUTS, 20, 20, CLASSES)
LAYER = 2
EXAMPLES, BATCH, EPOCHS, RATE = 512, 32, 8, 0.5
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
EPS = 1e-5


def watched(network: Network, X: Array, Y: Array) -> Numbers:
    """Z, Z~ (steps, units, examples), gamma and beta of a layer on the same X, before each step."""
    rng = np.random.default_rng(0)
    kept: dict[str, list[Array]] = {"Z": [], "Z_tilde": [], "gamma": [], "beta": []}
    steps = training(network, X, Y, GradientDescent(RATE), epochs=EPOCHS, batch_size=BATCH, rng=rng)
    while True:
        layer, passed = network.layer(LAYER), network.forward(X).layers[LAYER - 1]
        kept["Z"].append(passed.Z)
        kept["Z_tilde"].append(passed.Z_tilde)
        for name in PARAMETERS:
            kept[name].append(layer.get(name, np.zeros((SIZES[LAYER], 1))))
        if next(steps, None) is None:
            return {name: np.array(values) for name, values in kept.items()}


def due_moments(numbers: Numbers) -> tuple[Array, Array]:
    """Mean and standard deviation of Z~ by the theorem, (steps, units): beta, |gamma| sigma r."""
    var = numbers["Z, with"].var(axis=2)
    gamma, beta = numbers["gamma, with"][..., 0], numbers["beta, with"][..., 0]
    return beta, np.abs(gamma) * np.sqrt(var / (var + EPS))


def drift(Z: Array) -> Array:
    """How far each unit's mean and standard deviation went from the first, in first ones, (units,).

    >>> drift(np.array([[[-1.0, 1.0]], [[0.0, 4.0]]])).tolist()
    [2.0]
    """
    mean, std = Z.mean(axis=2), Z.std(axis=2)
    moved = np.maximum(np.abs(mean - mean[0]), np.abs(std - std[0])) / std[0]
    return np.asarray(moved.max(axis=0))


def draw(numbers: Numbers, figure: "Figure") -> None:
    """Quantile bands of the unit that drifts most without batch normalization."""
    unit = int(np.argmax(drift(numbers["Z_tilde, without"])))
    axes = figure.subplots(1, 2, sharey=True)
    for panel, name, colour in zip(axes, ("without", "with"), (ORANGE, BLUE), strict=True):
        bands = np.quantile(numbers[f"Z_tilde, {name}"][:, unit], QUANTILES, axis=1)
        steps = np.arange(bands.shape[1])
        for low, high, alpha in ((0, 4, 0.18), (1, 3, 0.35)):
            panel.fill_between(steps, bands[low], bands[high], color=colour, alpha=alpha, lw=0)
        panel.plot(steps, bands[2], color=colour, label="median, 50 % and 90 % of examples")
        panel.set_title(f"{name} batch normalization")
        panel.set_xlabel("step of training")
    mean, std = due_moments(numbers)
    axes[1].plot(mean[:, unit], "--", color=BLACK, lw=1, label="theorem: mean = beta")
    for side in (-1, 1):
        axes[1].plot(
            mean[:, unit] + side * std[:, unit],
            ":",
            color=BLACK,
            lw=1,
            label="theorem: mean ± deviation" if side > 0 else None,
        )
    axes[0].set_ylabel(f"input of unit {unit + 1} in layer {LAYER}")
    for panel in axes:
        panel.legend(loc="lower left", fontsize=8)


def found(numbers: Numbers) -> str:
    """Median drift over units, and how well the theorem holds."""
    mean, std = due_moments(numbers)
    got = numbers["Z_tilde, with"]
    off = max(np.abs(got.mean(axis=2) - mean).max(), np.abs(got.std(axis=2) - std).max())
    drifts = [float(np.median(drift(numbers[f"Z_tilde, {n}"]))) for n in ("without", "with")]
    return (
        f"Mean or deviation of the median unit move by {drifts[0]:.2f} of the first deviation "
        f"without batch normalization and by {drifts[1]:.2f} with it, where beta and gamma put "
        f"them: the theorem's values are met to {off:.1e}."
    )


@study(
    name="hidden-distribution",
    title="What a hidden unit is given, step by step",
    claim="Later layers see inputs whose mean and variance stay put while earlier layers move.",
    theorem="covariate-shift",
    properties=("network/moments-stay", "forward/zero-mean", "forward/unit-variance"),
    see="Without batch normalization the bands wander and widen; with it their mean and width move "
    "only as beta and gamma, which are learned, move them.",
    draw=draw,
    found=found,
    discussion="The theorem is about mean and variance of each unit before its activation "
    "function, and about nothing else: not about the shape of the distribution, nor about what "
    "the next layer is given behind the activation function. Whether it is why training is "
    "faster is another question (study internal-shift).",
    literature=("Ioffe, Szegedy (2015), Batch Normalization, section 4.1 and Figure 1",),
)
def hidden_distribution(seed: int, advance: Advance) -> Numbers:
    """The same training with and without batch normalization, from the same weights."""
    X, Y = drawn(EXAMPLES, np.random.default_rng(seed))
    numbers: Numbers = {}
    for done, normalize in enumerate((True, False), 1):
        architecture = Architecture(SIZES, "tanh", normalize=normalize, eps=EPS)
        network = initialized(architecture, np.random.default_rng(seed + 1))
        name = "with" if normalize else "without"
        numbers |= {f"{key}, {name}": v for key, v in watched(network, X, Y).items()}
        advance(done, 2, f"{name} BN")
    return numbers
