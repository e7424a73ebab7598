"""The oracle's stated accuracy, componentwise, against ball arithmetic at all exponents."""

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.oracle import batch_truth
from bnproof.engine.truth.oracle_double import double_truth

PRECISION = 14000  # bits: exact but for divisions and roots
Y, DX, OTHERS, TWICE = 2.0**-102, 2.0**-101, 2.0**-105, 2.0**-100
LOWEST = 2.0**-1074
LARGEST = 2.0**1023
"""Beyond half the range nothing is judged."""

Balls = list[Any]
Terms = dict[str, tuple[Balls, Balls]]
"""By output: exact values, and the magnitudes that their accuracy is relative to."""


@dataclass
class Drawn:
    """One channel, and how it is normalised."""

    x: list[float]
    dy: list[float]
    v: list[float]
    gamma: float
    beta: float
    ddgamma: float
    ddbeta: float
    eps: float
    mode: str
    mean: float
    var: float


def normalised(d: Drawn) -> tuple[Terms, Terms]:
    """Batch normalization in balls from the definitions: with its gradients, and those of these."""
    flint.ctx.prec = PRECISION
    x, dy, v = ([flint.arb(n) for n in values] for values in (d.x, d.dy, d.v))
    gamma, beta, ddgamma, ddbeta, eps = map(
        flint.arb, (d.gamma, d.beta, d.ddgamma, d.ddbeta, d.eps)
    )
    count, zero = len(x), flint.arb(0)
    training = d.mode != "inference"
    mean = sum(x, zero) / count if training else flint.arb(d.mean)
    var = sum(((n - mean) ** 2 for n in x), zero) / count if training else flint.arb(d.var)
    b = flint.arb(count) / (count - 1) if d.mode == "unbiased" else flint.arb(1)
    w = b * var + eps
    r = 1 / w.sqrt()
    s = gamma * r
    c = [n - mean for n in x]
    reach = [abs(n) + abs(mean) for n in x]
    means = [sum(u, zero) / count for u in (dy, v)]
    slopes = [
        sum((a * h for a, h in zip(u, c, strict=True)), zero) / count / w * b for u in (dy, v)
    ]
    if not training:
        means, slopes = [zero, zero], [zero, zero]

    def residual(u: Balls, which: int) -> tuple[Balls, Balls]:
        m, a = means[which], slopes[which]
        rows = list(zip(u, c, reach, strict=True))
        return (
            [n - m - a * h for n, h, _ in rows],
            [abs(n) + abs(m) + abs(a) * far for n, _, far in rows],
        )

    p, p_size = residual(dy, 0)
    q, q_size = residual(v, 1)
    dgamma = sum((u * h for u, h in zip(dy, c, strict=True)), zero) * r
    once = {
        "mean": ([mean], [abs(mean)]),
        "var": ([var], [abs(var)]),
        "inv_std": ([r], [r]),
        "y": ([s * h + beta for h in c], [abs(s) * far + abs(beta) for far in reach]),
        "dgamma": ([dgamma], [abs(dgamma)]),
        "dbeta": ([sum(dy, zero)], [abs(sum(dy, zero))]),
        "dx": ([s * n for n in p], [abs(s) * n for n in p_size]),
    }
    ddy, double_dx, double_dgamma = DOUBLE
    products = sum(((n - means[0]) * (m - means[1]) for n, m in zip(dy, v, strict=True)), zero)
    n_ab = count * slopes[0] * slopes[1] * w / b if training else zero
    own = [s / w * b * (products - 3 * n_ab) / count, s * slopes[1], s * slopes[0]]
    if not training:
        own = [zero, zero, zero]
    found = r * (products - n_ab)
    rows = list(zip(p, p_size, dy, v, c, reach, strict=True))
    twice: Terms = {
        ddy: (
            [s * m + ddgamma * r * h + ddbeta for m, h in zip(q, c, strict=True)],
            [
                abs(s) * m + abs(ddgamma) * r * far + abs(ddbeta)
                for m, far in zip(q_size, reach, strict=True)
            ],
        ),
        double_dx: (
            [
                ddgamma * r * each
                - own[0] * h - own[1] * (n - means[0]) - own[2] * (m - means[1])
                for each, _, n, m, h, _ in rows
            ],
            [
                abs(ddgamma) * r * size
                + abs(own[0]) * far
                + abs(own[1]) * (abs(n) + abs(means[0]))
                + abs(own[2]) * (abs(m) + abs(means[1]))
                for _, size, n, m, _, far in rows
            ],
        ),
        double_dgamma: ([found], [abs(found)]),
    }  # fmt: skip
    return once, twice


def truths(d: Drawn) -> tuple[Any, Any]:
    """What the oracle makes of it."""
    x, dy, v = (np.array(values)[:, None] for values in (d.x, d.dy, d.v))
    gamma, beta, ddgamma, ddbeta, mean, var = (
        np.array([n]) for n in (d.gamma, d.beta, d.ddgamma, d.ddbeta, d.mean, d.var)
    )
    more: dict[str, Any] = {"unbiased": d.mode == "unbiased"}
    more["statistics"] = (mean, var) if d.mode == "inference" else None
    once = batch_truth(x, gamma, beta, d.eps, dy=dy, **more)
    twice = double_truth(x, gamma, d.eps, dy, (v, ddgamma, ddbeta), **more)
    return once.values, twice.values


def check(values: Any, expected: Terms, claims: dict[str, float], otherwise: float) -> None:
    """The claim for each value of each output within float64's range."""
    for name, (balls, sizes) in expected.items():
        high, low = (np.ravel(part) for part in values[name])
        for ball, size, h, rest in zip(balls, sizes, high, low, strict=True):
            if not size < LARGEST:
                continue
            assert np.isfinite(h), name
            off = abs(ball - flint.arb(float(h)) - flint.arb(float(rest)))
            assert off <= claims.get(name, otherwise) * size + LOWEST, (name, float(h))


ORDINARY = st.floats(-8, 8) | st.integers(-9, 9).map(float)
ANY = st.floats(allow_nan=False, allow_infinity=False)
NEAR = st.floats(-1, 1).map(lambda n: 1000 + n * 2.0**-20)


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """A channel of ordinary numbers, of numbers that nearly cancel, or of any."""
    kind = draw(st.sampled_from([ORDINARY, NEAR, ANY, ORDINARY | ANY]))
    x = draw(st.lists(kind, min_size=1, max_size=6))
    size = len(x)
    dy, v = (draw(st.lists(kind, min_size=size, max_size=size)) for _ in range(2))
    gamma, beta, ddgamma, ddbeta, mean = (draw(kind) for _ in range(5))
    eps = draw(st.just(0.0) | st.just(1e-5) | kind.map(abs))
    var = draw(kind.map(abs))
    mode = draw(st.sampled_from(["training", "unbiased", "inference"]))
    return Drawn(x, dy, v, gamma, beta, ddgamma, ddbeta, eps, mode, mean, var)


def is_defined(d: Drawn) -> bool:
    """Whether var + eps is positive, and not 0 / 0."""
    if d.mode == "inference":
        return d.var > 0 or d.eps > 0
    if d.mode == "unbiased" and len(d.x) == 1:
        return False
    return d.eps > 0 or len(set(d.x)) > 1


UNDERFLOWING = Drawn(
    [0.0, 0.0, 5.0], [0.0] * 3, [0.0] * 3, 0.0, 0.0, 5e-324, 0.0, 0.0, "training", 0.0, 0.0
)
"""A product ddgamma inv_std that is 0 in float64, and not in the truth."""


@settings(deadline=None, max_examples=300)
@given(drawn())
@example(UNDERFLOWING)
def test_errors_are_those_that_are_stated(d: Drawn) -> None:
    """At any exponent, in all conventions, however much cancels."""
    assume(is_defined(d))
    expected, twice_expected = normalised(d)
    once, twice = truths(d)
    check(once, expected, {"y": Y, "dx": DX}, OTHERS)
    check(twice, twice_expected, {DOUBLE[2]: OTHERS}, TWICE)


@given(drawn())
def test_what_is_undefined_is_nan(d: Drawn) -> None:
    """0 / 0 has no truth."""
    if not is_defined(d):
        for values in truths(d):
            assert all(np.isnan(high).all() for high, _ in values.values())


@pytest.mark.parametrize("mode", ["training", "unbiased", "inference"])
@pytest.mark.parametrize("scale", [1.0, 2.0**-300, 2.0**300])
@pytest.mark.parametrize("count", [2, 17, 500])
def test_samples(count: int, scale: float, mode: str) -> None:
    """Many values, at scales beyond what is ordinary, with an offset."""
    rng = np.random.default_rng(count)
    x, dy, v = rng.normal(size=(3, count))
    gamma, beta, ddgamma, ddbeta, mean = rng.normal(size=5)
    d = Drawn(
        ((x + 10) * scale).tolist(), (dy + 0.5).tolist(), v.tolist(),
        gamma, beta, ddgamma, ddbeta, 0.5 * scale**2, mode, mean * scale, scale**2,
    )  # fmt: skip
    expected, twice_expected = normalised(d)
    once, twice = truths(d)
    check(once, expected, {"y": Y, "dx": DX}, OTHERS)
    check(twice, twice_expected, {DOUBLE[2]: OTHERS}, TWICE)
