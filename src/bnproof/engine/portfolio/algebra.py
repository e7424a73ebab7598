"""Small N, an eps that matters and every convention far apart: what catches wrong formulas."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder


def cases(build: Builder) -> Iterator[Case]:
    """Cases of the algebra, in every rank."""
    for case in _plain(build):
        yield from build.every_rank(case)


def _plain(build: Builder) -> Iterator[Case]:
    normal, rng, any_ = build.normal, build.rng, build.ordinary
    deep = build.power_of_two(32)
    yield build.case(f"{deep}x4", normal(deep, 4), eps=SMALL_EPS, tags=frozenset({Tag.DEPTH}))
    yield build.case("2x4: Bessel's factor is 2", normal(2, 4), eps=SMALL_EPS)
    yield build.case("3x4", normal(3, 4), weight=0.25, running_mean=1.0, running_var=3.0)
    yield build.case(f"{build.rows(8)}x4", any_(8, 4))
    yield build.case("eps like var", 2.0**-8 * any_(32, 4), eps=2.0**-16)
    tiny = rng.uniform(1, 2, 4) * 2.0**-20
    yield build.case("tiny var, tinier eps", 2.0**-10 * any_(16, 4), eps=2.0**-40, running_var=tiny)
    yield build.case("eps far above var", 2.0**-6 * any_(12, 4), eps=1.0, running_var=2.0**-10)
    for weight in (0.0, 0.75, 1.0):
        yield build.case(f"weight {weight}", any_(6, 3), weight=weight)
    yield build.case("gamma of both signs and zero", any_(16, 4), gamma=[0, -1, 2, 0])
    yield build.case("gamma all zero", any_(6, 3), gamma=0.0)
    yield build.case("gamma tiny against beta", any_(6, 3), gamma=2.0**-12, beta=[1.0, -2.0, 3.0])
    yield build.case("running variance zero", any_(6, 3), running_var=[0.0, 1.0, 0.0])
    many = any_(128, 4)
    yield build.case("outlier", np.where(np.arange(len(many))[:, None] == 5, 64.0, many / 8))
    yield build.case("skewed", np.exp(any_(24, 3)), eps=SMALL_EPS)
    yield from _defaults(build)


def _defaults(build: Builder) -> Iterator[Case]:
    """The settings of real libraries, and what their layers start with."""
    weighs_old = build.declaration.momentum_weighs == "old"
    settings = [(1e-5, 0.1), (1e-3, 0.01), (2e-5, 0.1), (1e-4, 0.001), (0.1, 0.3), (1.1, 0.7)]
    for number, (eps, weight) in enumerate(settings):
        momentum = round(1 - weight, 6) if weighs_old else weight
        name = f"library settings, eps {eps:g}, momentum {momentum:g}"
        count = (16, 3, 2, 9, 3, 2)[number]
        spread = 1.0 if eps >= 0.1 else max(1.0, 8 * eps**0.5)
        yield build.case(name, spread * build.ordinary(count, 4), eps=eps, momentum=momentum)
    yield build.case(
        "a new layer",
        build.ordinary(16, 4),
        eps=1e-5,
        momentum=0.9 if weighs_old else 0.1,
        gamma=1.0,
        beta=0.0,
        running_mean=0.0,
        running_var=1.0,
    )
    yield build.case(
        "a new layer, eps like var",
        2.0**-6 * build.normal(3, 4),
        eps=1e-3,
        momentum=0.99 if weighs_old else 0.01,
        gamma=1.0,
        beta=0.0,
        running_mean=0.0,
        running_var=1.0,
    )
