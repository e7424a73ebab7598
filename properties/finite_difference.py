"""Finite differences of <dy, y> against <dx, v>, with the truncation error derived.

Per channel, in a direction v of entries -1, 0 and 1: w = v - mean(v), s^2 = var + eps,
q = rms(w) / s, and h a power of two.  Along the line x + h v, xhat is the generating function of
the Legendre polynomials, whose values are at most 1 in magnitude (theorem
`finite-difference-bound`).  So for q h < 1 the central difference
D(h) = (<dy, y(x + h v)> - <dy, y(x - h v)>) / 2h satisfies

    |D(h) - <dx, v>| <= (|gamma dgamma| q + |sum gamma dy w| / s) (q h)^2 / (1 - (q h)^2)
                        + sum |dy| (E_y+ + E_y-) / 2h + sum |v| E_dx.

h balances the first two terms: near (R / 2T)^(1/3), with R = sum |dy| E_y and
T = (|gamma dgamma| q + |sum gamma dy w| / s) q^2, and at most 1 / 2q.  x is a multiple of h, so
that x + h v and x - h v are exact; sums are exact as well.

Where training normalises by b var + eps, b = N / (N - 1), the same holds with gamma / sqrt(b) and
s^2 = var + eps / b (theorem "unbiased-normalisation"): gamma dgamma and gamma / s stay as they are,
and q = rms(w) sqrt(b) inv_std.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from bnproof.engine.judging.property import Check, Records, compare
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case, Twin, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.truth.bounds import Quantities, bounds, ladder
from bnproof.engine.truth.expected import SUBJECTS, Settings
from bnproof.properties.forward import exact_sums

RELATION = "backward/finite-differences"
SHAPES = ((3, 3), (8, 3), (32, 3))


def cases(build: Builder) -> Iterator[Case]:
    """A base case, x + h v and x - h v, for a few sizes; in 16 bits agreement covers it."""
    if not build.wide or {"shape", "channels"} & set(build.declaration.fixed):
        return
    for count, channels in SHAPES:
        x = 2 * build.normal(count, channels) + build.rng.choice([0.0, 5.0])
        case = build.case(f"finite differences, {count} values", x, eps=0.25, calls="short")
        v = build.rng.choice([-1.0, 1.0], size=(count, channels))
        v[0] = -v[1]
        h = step(case, v, normalises_unbiased=build.declaration.normalises_unbiased)
        exact = np.rint(np.asarray(case.x, np.float64) / h) * h
        case = case.with_(x=exact.astype(case.x.dtype))
        for made in _three(case, v, h):
            yield from build.every_rank(made, ranks=build.main_ranks)


def _three(case: Case, v: Array, h: Array) -> Iterator[Case]:
    yield case
    for sign, name in ((1, "plus"), (-1, "minus")):
        how: dict[str, Any] = {"v": v, "h": h, "sign": sign}
        moved = (np.asarray(case.x, np.float64) + sign * h * v).astype(case.x.dtype)
        made = f"{case.name}, {name}"
        yield case.with_(name=made, x=moved, data_key=made, twin=Twin(case.name, RELATION, how))


def step(case: Case, v: Array, *, normalises_unbiased: bool = False) -> Array:
    """h, per channel, for a case of shape (N, C) and a direction v."""
    x = columns(case.x)
    settings = Settings(case.eps, Fraction(0), Fraction(1))
    subject = SUBJECTS.of(case, settings, inference=False, normalises_unbiased=normalises_unbiased)
    storage = next(iter(ladder(_format(x), _format(case.running_mean)).values()))
    bound = bounds(storage, subject.quantities).values
    q, slope = _curvature(subject.quantities, case, v)
    noise = (np.abs(case.dy.astype(np.float64)) * bound["y"]).sum(axis=0)
    balance = np.cbrt(noise / (2 * slope * q**2))
    return np.asarray(2.0 ** np.floor(np.log2(np.minimum(balance, 0.5 / q))))


def _format(a: Array) -> Any:
    from bnproof.engine.model.formats import format_of  # noqa: PLC0415  # local to keep names apart

    return format_of(a.dtype)


def _curvature(exact: Quantities, case: Case, v: Array) -> tuple[Array, Array]:
    """q, and |gamma dgamma| q + |sum gamma dy w| / s."""
    gamma = np.ones(case.channels) if case.gamma is None else case.gamma.astype(np.float64)
    w = v - v.mean(axis=0)
    q = np.sqrt(exact.bessel * (w**2).mean(axis=0)) * exact.inv_std
    along = np.abs((gamma * columns(case.dy).astype(np.float64) * w).sum(axis=0)) * exact.inv_std
    return q, np.abs(gamma) * exact.exact("dgamma") * q + along


def check(records: Records) -> Iterator[Check]:
    """D(h) against <dx, v> within the derived bound."""
    pairs: dict[str, list[Record]] = {}
    for base, twin in records.twins(RELATION):
        pairs.setdefault(base.case.name, [base]).append(twin)
    for group in pairs.values():
        if len(group) == 3:
            yield from _check(*group)


def _check(base: Record, plus: Record, minus: Record) -> Iterator[Check]:
    dx, up, down = base.of("train", "dx"), plus.of("train", "y"), minus.of("train", "y")
    twin = plus.case.twin
    if dx is None or up is None or down is None or base.train is None or twin is None:
        return
    v, h = np.asarray(twin.how["v"]), np.asarray(twin.how["h"])
    dy = columns(base.case.dy).astype(np.float64)
    q, slope = _curvature(base.train, base.case, v)
    truncation = slope * (q * h) ** 2 / (1 - (q * h) ** 2)
    noise = (np.abs(dy) * (up.bound + down.bound)).sum(axis=0) / (2 * h)
    own = (np.abs(v) * dx.bound).sum(axis=0)
    products = dy * (up.got.astype(np.float64) - down.got.astype(np.float64))
    rounding = 2.0**-51 * (
        (np.abs(dy) * (np.abs(up.got) + np.abs(down.got))).sum(axis=0) / (2 * h)
        + np.abs(dx.got * v).sum(axis=0)
    )
    quotient = exact_sums(products) / (2 * h)
    want = exact_sums(np.asarray(dx.got, np.float64) * v)
    detail = "<dx, v> is not the slope of <dy, y> along v"
    yield compare(base, "<dx, v>", want, quotient, truncation + noise + own + rounding, detail)
