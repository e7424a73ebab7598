"""The bounds against arithmetic in which every operation is off by its worst."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.expected import Settings
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED
from bnproof.engine.truth.oracle import error

U = 2.0**-24
Array = NDArray[Any]
KEEP, WEIGHT = Fraction(7, 8), Fraction(1, 8)


class Worst:
    """Float64 arithmetic in which each rounding site errs by u, with a sign of its own."""

    def __init__(self, rng: np.random.Generator, mode: str) -> None:
        self.rng, self.mode = rng, mode
        self.signs: dict[str, float] = {}

    def __call__(self, value: Any, site: str) -> Array:
        """The value, rounded to its worst side or to a random one."""
        value = np.asarray(value, np.float64)
        if self.mode == "random":
            sign: Any = self.rng.choice([-1.0, 1.0], value.shape)
        else:
            sign = self.signs.setdefault(site, float(self.rng.choice([-1.0, 1.0])))
            sign = sign * np.sign(value) if self.mode == "outwards" else sign
        return np.asarray(value + value * sign * U * (1 - 1e-7))

    def sum(self, terms: Array, site: str) -> Array:
        """A chain, or a random tree, of perturbed additions."""
        parts = list(terms)
        if self.rng.random() < 0.5:
            total = parts[0]
            for part in parts[1:]:
                total = self(total + part, site)
            return np.asarray(total)
        while len(parts) > 1:
            first = parts.pop(int(self.rng.integers(len(parts))))
            other = int(self.rng.integers(len(parts)))
            parts[other] = self(parts[other] + first, site)
        return np.asarray(parts[0])


def two_pass(x: Array, r: Worst) -> tuple[Array, Array]:
    """Mean first, then centred squares."""
    mean = r(r.sum(x, "sum") / len(x), "mean")
    d = r(x - mean, "d")
    return mean, r(r.sum(r(d * d, "square"), "squares") / len(x), "var")


def welford(x: Array, r: Worst) -> tuple[Array, Array]:
    """One sample after the other; the first step is exact in any arithmetic."""
    mean, squares = x[0], np.zeros_like(x[0])
    for k, row in enumerate(x[1:], start=2):
        d = r(row - mean, "d")
        mean = r(mean + r(d / k, "share"), "mean")
        squares = r(squares + r(d * r(row - mean, "d2"), "product"), "squares")
    return mean, r(squares / len(x), "var")


def one_pass(x: Array, r: Worst) -> tuple[Array, Array]:
    """E[x^2] - E[x]^2, clamped."""
    mean = r(r.sum(x, "sum") / len(x), "mean")
    square = r(r.sum(r(x * x, "square"), "squares") / len(x), "mean square")
    return mean, np.maximum(r(square - r(mean * mean, "mean2"), "var"), 0)


def shifted(x: Array, r: Worst) -> tuple[Array, Array]:
    """The same about the first sample."""
    mean, var = one_pass(r(x - x[0], "shift"), r)
    return r(x[0] + mean, "back"), var


ALGORITHMS: dict[str, tuple[AccuracyClass, Callable[[Array, Worst], tuple[Array, Array]]]] = {
    "two-pass": ("two-pass", two_pass),
    "welford": ("streaming", welford),
    "one-pass": ("one-pass", one_pass),
    "shifted": ("one-pass", shifted),
}


class Bessel:
    """The factor N / (N - 1) of the unbiased normalisation, in perturbed arithmetic."""

    def __init__(self, count: int, r: Worst, *, unbiased: bool) -> None:
        self.factor = r(count / (count - 1), "bessel of w") if unbiased else None
        self.r = r

    def times(self, values: Any, site: str) -> Array:
        """Values times the factor; as they are where training normalises by the biased one."""
        return np.asarray(values if self.factor is None else self.r(values * self.factor, site))


def perturbed(
    case: Case, algorithm: str, r: Worst, *, normalises_unbiased: bool = False
) -> dict[str, Array]:
    """All outputs in perturbed arithmetic, by forms drawn at random."""
    x, dy = case.x.astype(np.float64), case.dy.astype(np.float64)
    assert case.gamma is not None
    assert case.beta is not None
    gamma, beta = case.gamma.astype(np.float64), case.beta.astype(np.float64)
    count = len(x)
    mean, var = ALGORITHMS[algorithm][1](x, r)
    bessel = Bessel(count, r, unbiased=normalises_unbiased)
    used = bessel.times(var, "used")
    inv_std = r(1 / r(np.sqrt(r(used + case.eps, "w")), "root"), "inverse")
    d = r(x - mean, "d3")
    scale = r(gamma * inv_std, "scale")
    folded = r(r(x * scale, "xs") + r(beta - r(mean * scale, "ms"), "shift"), "y")
    xhat = r(d * inv_std, "xhat")
    y = folded if r.rng.random() < 0.5 else r(r(gamma * xhat, "gx") + beta, "y")
    dbeta = r.sum(dy, "dbeta")
    dgamma = r.sum(r(dy * xhat, "dyx"), "dgamma")
    if r.rng.random() < 0.5:
        terms = bessel.times(r(xhat * r(dgamma / count, "share"), "t"), "bessel t")
        dx = r(scale * r(r(dy - r(dbeta / count, "b"), "1") - terms, "2"), "dx")
    else:
        dx = _chain(x, dy, gamma, mean, used, case.eps, bessel)
    unbiased = r(var * r(count / (count - 1), "bessel"), "unbiased")
    keep, weight = r(1 - 0.125, "keep"), 0.125
    running_mean = r(r(keep * case.running_mean, "k") + r(weight * mean, "n"), "rm")
    running_var = r(r(keep * case.running_var, "k2") + r(weight * unbiased, "n2"), "rv")
    names = ("mean", "var", "inv_std", "y", "dbeta", "dgamma", "dx", "running_mean", "running_var")
    values = (mean, var, inv_std, y, dbeta, dgamma, dx, running_mean, running_var)
    return dict(zip(names, values, strict=True))


def _chain(
    x: Array, dy: Array, gamma: Array, mean: Array, var: Array, eps: float, bessel: Bessel
) -> Array:
    """The backward of courses, step by step, from the variance that was used."""
    count, r = len(x), bessel.r
    w = r(var + eps, "w")
    inv_std = r(1 / r(np.sqrt(w), "root"), "inverse")
    dxhat = r(dy * gamma, "dxhat")
    d = r(x - mean, "d4")
    power = r(r(r(inv_std * inv_std, "r2") * inv_std, "r3") * -0.5, "half")
    dvar = r.sum(r(r(dxhat * d, "p") * power, "q"), "dvar")
    second = r(dvar * bessel.times(r(r.sum(-2 * d, "s") / count, "mean d"), "bd"), "dmean2")
    dmean = r(r.sum(r(-dxhat * inv_std, "u"), "dmean1") + second, "dmean")
    first = r(dxhat * inv_std, "f")
    middle = r(dvar * bessel.times(r(2 * d / count, "g"), "bg"), "h")
    return r(r(first + middle, "i") + r(dmean / count, "j"), "dx")


def data(family: str, count: int, rng: np.random.Generator) -> Array:
    """Data on which roundings matter."""
    normal = rng.normal(size=(count, 3))
    return {
        "normal": normal,
        "offset": normal + 30,
        "outlier": np.where(np.arange(count)[:, None] == 0, 100.0, normal),
        "positive": np.abs(normal),
        "constant": np.full((count, 3), 0.1),
        "tiny variance": 1e-3 * normal,
    }[family]


@pytest.mark.parametrize(
    "family", ["normal", "offset", "outlier", "positive", "constant", "tiny variance"]
)
@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@pytest.mark.parametrize("normalises_unbiased", [False, True], ids=["biased", "unbiased"])
def test_no_output_exceeds_its_bound(
    algorithm: str, family: str, normalises_unbiased: bool
) -> None:
    """A missing term, or a constant too small, is exceeded when all signs conspire."""
    single = FORMATS["float32"]
    classes = ladder(single, single)
    name = ALGORITHMS[algorithm][0]
    exact_off = Arithmetic(name, single, single, classes[name].variances, exact_sums=False)
    rng = np.random.default_rng(len(family))
    for count in (2, 3, 8, 17, 60):
        case = _case(single.round(data(family, count, rng)), rng)
        settings = Settings(case.eps, KEEP, WEIGHT)
        more = {"normalises_unbiased": normalises_unbiased}
        subject = EXPECTED.of(case, settings, inference=False, **more)
        bound = bounds(exact_off, subject.quantities).values
        for mode in ("site", "outwards", "random"):
            for _ in range(4):
                got = perturbed(case, algorithm, Worst(rng, mode), **more)
                for output, value in got.items():
                    off = error(value, subject.quantities.truth.values[output])
                    assert (off <= bound[output]).all(), (output, count, mode)


def _case(x: Array, rng: np.random.Generator) -> Case:
    single = FORMATS["float32"]
    return Case(
        name="perturbed",
        x=x,
        dy=single.round(rng.normal(size=x.shape) + 0.5),
        gamma=single.round(rng.normal(size=3) + 1),
        beta=single.round(rng.normal(size=3)),
        running_mean=single.round(rng.normal(size=3)),
        running_var=single.round(rng.uniform(0.5, 2, 3)),
        eps=2.0**-10,
        momentum=0.125,
    )


def test_the_bounds_are_not_slack() -> None:
    """Bounds a hundred times too wide would pass all the tests above, and catch nothing."""
    single = FORMATS["float32"]
    arithmetic = Arithmetic("two-pass", single, single, ("two-pass",), exact_sums=False)
    rng = np.random.default_rng(0)
    reached = dict.fromkeys(("mean", "var", "y", "running_mean", "dgamma", "dx"), 0.0)
    for count in (8, 17, 60):
        case = _case(single.round(np.abs(rng.normal(size=(count, 3)))), rng)
        subject = EXPECTED.of(case, Settings(case.eps, KEEP, WEIGHT), inference=False)
        bound = bounds(arithmetic, subject.quantities).values
        for _ in range(40):
            got = perturbed(case, "two-pass", Worst(rng, "outwards"))
            for output in reached:
                off = error(got[output], subject.quantities.truth.values[output])
                reached[output] = max(reached[output], float((off / bound[output]).max()))

    assert min(reached.values()) > 0.1, reached
