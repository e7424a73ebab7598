"""Settings that few test and some users have: any eps and momentum, gamma of any magnitude.

x has a variance near eps, so that another eps shows.  Some settings are listed, others are drawn.
eps = 0 is well defined where the variance is positive; the contract lets an implementation refuse
it by an exception, unless it declares to accept it, but what comes back has to be right
(`Tag.REFUSABLE`).
"""

import math
from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder

EPS = (1e-12, 5e-11, 1e-8, 3.3e-6, 2.7e-4, 0.0123, 2.5, 10.0)
MOMENTA = (0.0123, 0.9987, 1 / 3, 0.0, 1.0, 1e-4, 0.99999)
DRAWN = 2
"""Values of eps, and of momentum, that are drawn for each dtype, any magnitude as likely."""

LEAST_EPS, LEAST_MOMENTUM = 1e-12, 1e-6
GAMMA = (1e-3, -37.5, 1e3, 0.0, 1.0, -1.0, 640.0, -0.04)
BETA = (0.0, 1e3, -1.0, 1e-3, 1.0, -400.0, 0.03, 12.0)
LEAST_IN_HALF = 1e-6
"""Below it float16 has too few digits for an x of that variance."""


def cases(build: Builder) -> Iterator[Case]:
    """Each setting in one rank, those that the implementation takes."""
    for case in (*_eps(build), *_momenta(build), *_parameters(build)):
        yield from build.every_rank(case, ranks=build.declaration.ranks[-1:])


def _eps(build: Builder) -> Iterator[Case]:
    declaration = build.declaration
    if declaration.fixes("eps"):
        return
    for eps in dict.fromkeys((*EPS, *_drawn(build, LEAST_EPS, EPS[-1]))):
        small = build.dtype == "float16" and eps < LEAST_IN_HALF
        if declaration.allows("eps", eps) and not small:
            scale = 2.0 ** round(math.log2(eps) / 2)
            yield build.case(
                f"eps {eps:g}",
                scale * build.ordinary(12, 4),
                eps=eps,
                running_mean=scale * build.rng.uniform(-1, 1, build.columns(4)),
                running_var=scale**2 * build.rng.uniform(0.5, 2, build.columns(4)),
                calls="short",
            )
    if declaration.allows("eps", 0.0):
        accepted = "eps" in declaration.accepts
        yield build.case(
            "eps 0",
            2.0**-6 * build.ordinary(12, 4),
            eps=0.0,
            running_var=2.0**-12 * build.rng.uniform(0.5, 2, build.columns(4)),
            calls="short",
            tags=frozenset() if accepted else frozenset({Tag.REFUSABLE}),
        )


def _momenta(build: Builder) -> Iterator[Case]:
    declaration = build.declaration
    if declaration.fixes("momentum"):
        return
    width = build.columns(4)
    small = _drawn(build, LEAST_MOMENTUM, 0.1)
    chosen = (*MOMENTA, *small, *(1 - momentum for momentum in small[:1]))
    named = {f"momentum {momentum:.6g}": momentum for momentum in reversed(chosen)}
    for name, momentum in reversed(named.items()):
        if declaration.allows("momentum", momentum):
            yield build.case(
                name,
                3 + build.ordinary(12, 4),
                momentum=momentum,
                running_mean=np.resize([-8.0, 0.0], width),
                running_var=np.resize([20.0, 20.0, 2.0**-20], width),
                calls="short",
            )


def _drawn(build: Builder, least: float, most: float) -> list[float]:
    """Numbers of any magnitude, rounded to six digits, as users write them down."""
    drawn = np.exp(build.rng.uniform(np.log(least), np.log(most), DRAWN))
    return [float(f"{value:.6g}") for value in drawn]


def _parameters(build: Builder) -> Iterator[Case]:
    """gamma and beta from 0.001 to 1000, of both signs, and exactly 0 and 1."""
    width = build.only_channels or build.columns(len(GAMMA))
    for start in range(0, len(GAMMA), width):
        at = np.arange(start, start + width) % len(GAMMA)
        part = f", channels from {start + 1}" if width < len(GAMMA) else ""
        yield build.case(
            f"gamma and beta of any magnitude{part}",
            build.ordinary(12, width),
            eps=SMALL_EPS,
            gamma=np.array(GAMMA)[at],
            beta=np.array(BETA)[at],
            calls="short",
        )
