"""Normalizing the inputs: gradient descent in a long valley, and in a round bowl."""

from typing import TYPE_CHECKING

import numpy as np

from bnproof.reference.checks import Array
from bnproof.studies.study import BLUE, ORANGE, Advance, Numbers, study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

M = 200
STEPS, DRAWN = 120, 25


def hessian(x: Array) -> Array:
    """Second derivatives by w and b of the mean of (w x + b - y)^2 / 2, for inputs x (m,).

    >>> hessian(np.array([1.0, 3.0])).tolist()
    [[5.0, 2.0], [2.0, 1.0]]
    """
    return np.array([[np.mean(x * x), x.mean()], [x.mean(), 1.0]])


def descent(bowl: Array, start: Array) -> Array:
    """Distances from the minimum, (STEPS + 1, 2), at the best constant learning rate.

    That is 2 / (smallest + largest eigenvalue); the distance then shrinks by
    (kappa - 1) / (kappa + 1) at least, kappa being the quotient of the two.
    """
    rate = 2 / np.linalg.eigvalsh(bowl).sum()
    path = [start]
    for _ in range(STEPS):
        path.append(path[-1] - rate * bowl @ path[-1])
    return np.array(path)


def draw(numbers: Numbers, figure: "Figure") -> None:
    """The cost as contours over w and b, with the path of gradient descent."""
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    w, b = np.meshgrid(np.linspace(-2, 2, 200), np.linspace(-2, 2, 200))
    for panel, name, colour in zip(axes, ("raw", "normalized"), (ORANGE, BLUE), strict=True):
        bowl, path = numbers[f"hessian, {name}"], numbers[f"path, {name}"]
        cost = (bowl[0, 0] * w * w + 2 * bowl[0, 1] * w * b + bowl[1, 1] * b * b) / 2
        panel.contour(w, b, cost, levels=2.0 ** np.arange(-5, 6), colors="#bbbbbb", linewidths=0.8)
        panel.plot(*path[:DRAWN].T, "o-", color=colour, markersize=3, linewidth=1)
        panel.plot(0, 0, "k+", markersize=12)
        panel.set_title(f"{name} inputs, condition {numbers[f'condition, {name}']:.1f}")
        panel.set_xlabel("w - best w")
        panel.set_aspect("equal")
    axes[0].set_ylabel("b - best b")


def found(numbers: Numbers) -> str:
    """The condition numbers, and the steps to a hundredth of the distance."""
    steps = {}
    for name in ("raw", "normalized"):
        off = np.linalg.norm(numbers[f"path, {name}"], axis=1)
        near = np.flatnonzero(off <= off[0] / 100)
        steps[name] = str(near[0]) if near.size else f"more than {STEPS}"
    return (
        f"The condition of the cost falls from {numbers['condition, raw']:.1f} to "
        f"{numbers['condition, normalized']:.1f}; a hundredth of the distance is left after "
        f"{steps['raw']} steps, and after {steps['normalized']}."
    )


@study(
    name="inputs",
    title="Normalized inputs make the bowl round",
    claim="Normalizing the inputs speeds up learning.",
    theorem="moments-of-xhat",
    properties=("forward/zero-mean", "forward/unit-variance"),
    size=(9.0, 5.0),
    see="With raw inputs the descent zigzags along a valley; with normalized ones the bowl is "
    "round, and one step leads to its bottom.",
    draw=draw,
    found=found,
    literature=("LeCun, Bottou, Orr, Müller (1998), Efficient BackProp, section 4.3",),
)
def inputs(seed: int, advance: Advance) -> Numbers:
    """A line fitted to inputs of mean 1.5 and standard deviation 1, raw and normalized."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(1.5, 1.0, M)
    normalized = (raw - raw.mean()) / raw.std()
    numbers: Numbers = {}
    for name, x in (("raw", raw), ("normalized", normalized)):
        bowl = hessian(x)
        low, high = np.linalg.eigvalsh(bowl)
        numbers |= {
            f"hessian, {name}": bowl,
            f"condition, {name}": high / low,
            f"path, {name}": descent(bowl, np.array([1.5, 1.0])),
        }
    advance(1, 1, "two descents")
    return numbers
