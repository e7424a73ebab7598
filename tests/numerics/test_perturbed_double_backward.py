"""The bounds of double backward against arithmetic in which every operation is off by its worst."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.numerics.test_perturbed_arithmetic import (
    ALGORITHMS,
    KEEP,
    WEIGHT,
    Array,
    Bessel,
    Worst,
    data,
)

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.oracle import error

SINGLE = FORMATS["float32"]


class Given:
    """The arguments of a case in float64, and its statistics in perturbed arithmetic."""

    def __init__(
        self, case: Case, algorithm: str, r: Worst, *, normalises_unbiased: bool = False
    ) -> None:
        names = ("x", "dy", "ddx", "gamma", "ddgamma", "ddbeta")
        wide = {name: np.asarray(getattr(case, name), np.float64) for name in names}
        self.x, self.dy, self.v = wide["x"], wide["dy"], wide["ddx"]
        self.gamma, self.u, self.t = wide["gamma"], wide["ddgamma"], wide["ddbeta"]
        self.m = len(self.x)
        mean, var = ALGORITHMS[algorithm][1](self.x, r)
        self.times = Bessel(self.m, r, unbiased=normalises_unbiased).times
        var = self.times(var, "used")
        self.inv_std = r(1 / r(np.sqrt(r(var + case.eps, "w")), "root"), "inverse")
        self.d = r(self.x - mean, "d3")
        self.xhat = r(self.d * self.inv_std, "xhat")


def by_residuals(g: Given, r: Worst) -> tuple[Array, Array, Array]:
    """The closed forms, of the residuals of dy and of ddx."""

    def residual(a: Array, site: str) -> tuple[Array, Array]:
        along = r(r.sum(r(a * g.xhat, site), site) / g.m, site)
        centred = r(a - r(r.sum(a, site) / g.m, site), site)
        return r(centred - g.times(r(g.xhat * along, site), f"b{site}"), site), along

    of_dy, a = residual(g.dy, "P")
    of_v, b = residual(g.v, "Q")
    k = r(r.sum(r(of_dy * g.v, "Pv"), "sum Pv") / g.m, "k")
    scale = r(g.gamma * g.inv_std, "scale")
    ddy = r(r(r(scale * of_v, "1") + r(g.u * g.xhat, "2"), "3") + g.t, "ddy")
    inner = r(r(g.xhat * k, "4") + r(of_dy * b, "5"), "6")
    inner = r(inner + r(of_v * a, "7"), "8")
    first = r(r(g.u * g.inv_std, "9") * of_dy, "10")
    outer = g.times(r(scale * g.inv_std, "11"), "b11")
    dx = r(first - r(outer * inner, "12"), "dx")
    return ddy, dx, r(r(g.inv_std * g.m, "13") * k, "dgamma")


def by_moments(g: Given, r: Worst) -> tuple[Array, Array, Array]:
    """PyTorch's formulas: sums of products that are not centred, and of x - mean."""
    r2 = g.times(r(g.inv_std * g.inv_std, "r2"), "br2")
    r3 = r(r2 * g.inv_std, "r3")
    sum_dy, sum_v = r.sum(g.dy, "sum dy"), r.sum(g.v, "sum v")
    dy_d, v_d = r.sum(r(g.dy * g.d, "dyd"), "dyd"), r.sum(r(g.v * g.d, "vd"), "vd")
    common = r(r(r(sum_v * sum_dy, "1") / g.m, "2") - r.sum(r(g.dy * g.v, "3"), "4"), "5")
    common = r(common + r(r(r(r2 * dy_d, "6") * v_d, "7") * r(3 / g.m, "8"), "9"), "10")
    scaled = r(g.d * r3, "11")
    first = r(r(scaled * common, "12") / g.m, "13")
    second = r(r(r(v_d * r3, "14") / g.m, "15") * r(r(sum_dy / g.m, "16") - g.dy, "17"), "18")
    third = r(r(r(dy_d * r3, "19") / g.m, "20") * r(r(sum_v / g.m, "21") - g.v, "22"), "23")
    inner = r(g.gamma * r(r(first + second, "24") + third, "25"), "26")
    direct = r(r(g.dy * g.inv_std, "27") - r(r(g.inv_std * sum_dy, "28") / g.m, "29"), "30")
    direct = r(g.u * r(direct - r(r(scaled * dy_d, "31") / g.m, "32"), "33"), "34")

    def backward(a: Array, total: Array, along: Array, scale: Array) -> Array:
        rest = r(r(r(g.m * a, "b1") - total, "b2") - r(r(g.d * r2, "b3") * along, "b4"), "b5")
        return r(r(r(scale * g.inv_std, "b6") / g.m, "b7") * rest, "b8")

    one = np.ones_like(g.gamma)
    dgamma = r.sum(r(g.v * backward(g.dy, sum_dy, dy_d, one), "35"), "dgamma")
    ddy = r(backward(g.v, sum_v, v_d, g.gamma) + r(r(g.u * g.d, "36") * g.inv_std, "37"), "38")
    return r(ddy + g.t, "ddy"), r(inner + direct, "dx"), dgamma


def by_adjoints(g: Given, r: Worst) -> tuple[Array, Array, Array]:
    """Backward along the computation graph of backward, as automatic differentiation goes."""
    r3 = r(r(g.inv_std * g.inv_std, "r2") * g.inv_std, "r3")
    scaled = r(g.dy * g.gamma, "dxhat")
    of_root = r.sum(r(scaled * g.d, "1"), "2")
    of_var = r(r(of_root * r3, "3") * -0.5, "4")
    back = r(g.v - r(r.sum(g.v, "5") / g.m, "6"), "7")
    slope = g.times(r(r(2 * g.d, "8") / g.m, "9"), "b9")
    back_var = r.sum(r(back * slope, "10"), "11")
    back_root = r(r(r3 * back_var, "12") * -0.5, "13")
    root = r(r(r(back_var * of_root, "14") * -1.5, "15") * r(g.inv_std**2, "16"), "17")
    root = r(root + r.sum(r(scaled * back, "18"), "19"), "20")
    root = r(root + r.sum(r(r(g.u * g.dy, "21") * g.d, "22"), "23"), "24")
    back_scaled = r(r(back * g.inv_std, "25") + r(g.d * back_root, "26"), "27")
    ddy = r(r(r(g.gamma * back_scaled, "28") + r(g.u * g.xhat, "29"), "30") + g.t, "ddy")
    dgamma = r.sum(r(g.dy * back_scaled, "31"), "dgamma")
    to_d = r(r(g.times(r(2 / g.m, "32"), "b32") * of_var, "33") * back, "34")
    to_d = r(to_d + r(scaled * back_root, "35"), "36")
    to_d = r(to_d + r(r(g.u * g.dy, "37") * g.inv_std, "38"), "39")
    to_d = r(to_d + r(slope * r(r(root * r3, "40") * -0.5, "41"), "42"), "43")
    return ddy, r(to_d - r(r.sum(to_d, "44") / g.m, "45"), "dx"), dgamma


FORMS = {"residuals": by_residuals, "moments": by_moments, "adjoints": by_adjoints}


def made(x: Array, rng: np.random.Generator) -> Case:
    """A case of some data, with everything else drawn."""

    def drawn(centre: float) -> Array:
        return SINGLE.round(rng.normal(size=3) + centre)

    return Case(
        name="perturbed",
        x=SINGLE.round(x),
        dy=SINGLE.round(rng.normal(size=x.shape) + 0.5),
        gamma=drawn(1),
        beta=drawn(0),
        running_mean=drawn(0),
        running_var=np.abs(drawn(1)),
        eps=2.0**-10,
        momentum=0.125,
        ddx=SINGLE.round(rng.normal(size=x.shape) - 0.25),
        ddgamma=drawn(0),
        ddbeta=drawn(0),
    )


def judged(
    case: Case, arithmetic: Arithmetic, *, normalises_unbiased: bool = False
) -> tuple[Any, Mapping[str, Array]]:
    """Truth and bounds of training."""
    settings = Settings(case.eps, KEEP, WEIGHT)
    subject = make_subject(case, settings, inference=False, normalises_unbiased=normalises_unbiased)
    truth = subject.quantities.truth.values
    return truth, bounds(arithmetic, subject.quantities).values


@pytest.mark.parametrize(
    "family", ["normal", "offset", "outlier", "positive", "constant", "tiny variance"]
)
@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@pytest.mark.parametrize("normalises_unbiased", [False, True], ids=["biased", "unbiased"])
def test_no_result_exceeds_its_bound(
    algorithm: str, family: str, normalises_unbiased: bool
) -> None:
    """A missing term, or a constant too small, is exceeded when all signs conspire."""
    name = ALGORITHMS[algorithm][0]
    variances = ladder(SINGLE, SINGLE)[name].variances
    arithmetic = Arithmetic(name, SINGLE, SINGLE, variances, exact_sums=False)
    rng = np.random.default_rng(len(family))
    for count in (2, 3, 17):
        case = made(data(family, count, rng), rng)
        more = {"normalises_unbiased": normalises_unbiased}
        truth, bound = judged(case, arithmetic, **more)
        for formulas in FORMS.values():
            for mode in ("site", "outwards", "random"):
                for _ in range(2):
                    r = Worst(rng, mode)
                    got = formulas(Given(case, algorithm, r, **more), r)
                    for output, value in zip(DOUBLE, got, strict=True):
                        off = error(value, truth[output])
                        assert (off <= bound[output]).all(), (output, formulas, count, mode)


@pytest.mark.parametrize("form", list(FORMS))
def test_the_bounds_are_not_slack(form: str) -> None:
    """Bounds twenty times wider than what signs can reach would pass all the tests above."""
    arithmetic = Arithmetic("two-pass", SINGLE, SINGLE, ("two-pass",), exact_sums=False)
    rng = np.random.default_rng(0)
    reached = dict.fromkeys(DOUBLE, 0.0)
    for count in (8, 17, 60):
        case = made(np.abs(rng.normal(size=(count, 3))), rng)
        truth, bound = judged(case, arithmetic)
        for _ in range(15):
            r = Worst(rng, "outwards")
            got = FORMS[form](Given(case, "two-pass", r), r)
            for output, value in zip(DOUBLE, got, strict=True):
                ratio = error(value, truth[output]) / bound[output]
                reached[output] = max(reached[output], float(ratio.max()))

    assert min(reached.values()) > 0.05, reached
