"""Upstream gradients that separate the terms of dx."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder


def cases(build: Builder) -> Iterator[Case]:
    """Cases of the backward pass, in every rank."""
    for case in _plain(build):
        yield from build.every_rank(case)


def _plain(build: Builder) -> Iterator[Case]:
    x = build.ordinary(16, 4)
    centred = x - x.mean(axis=0)
    yield build.case("dy constant", x, dy=1.0, tags=frozenset({Tag.CONSTANT_DY}))
    yield build.case(
        "dy constant, gamma not a power of two",
        2.0**-6 * x,
        dy=1.0,
        gamma=1.1,
        tags=frozenset({Tag.CONSTANT_DY}),
    )
    yield build.case("dy zero", x, dy=0.0, tags=frozenset({Tag.ZERO_DY}))
    yield build.case("dy proportional to xhat", x, dy=centred)
    yield build.case("dy of zero mean", x, dy=_zero_mean(build.normal(*x.shape)))
    yield build.case("dy orthogonal to 1 and x", x, dy=_orthogonal(build.normal(*x.shape), centred))
    yield build.case("dy with a large mean", x, dy=4 + build.normal(*x.shape), eps=2.0**-10)
    signs = np.sign(build.ordinary(2048, 2))
    rows = np.arange(len(signs))[:, None]
    yield build.case(
        "dy sparse, many values", signs, dy=np.where(rows == 3, 1.0, 0.0), calls="short"
    )
    yield build.case("dy sparse", x, dy=np.where(np.arange(len(x))[:, None] == 5, 2.0, 0.0))
    if build.wide:
        yield build.case("dy tiny", x, dy=2.0**-60 * build.normal(*x.shape))
        yield build.case("dy huge", x, dy=2.0**60 * build.normal(*x.shape))
        least = 2.0 ** (-130 if build.dtype == "float32" else -1030)
        yield build.case("dy down to subnormal results", x, dy=least * build.normal(*x.shape))
    else:
        yield build.case("dy small", x, dy=2.0**-9 * build.normal(*x.shape))
        yield build.case("dy large", x, dy=2.0**8 * build.normal(*x.shape))


def _zero_mean(dy: Array) -> Array:
    whole = np.rint(16 * dy) / 16
    whole[len(whole) // 2 :] = -whole[: len(whole) // 2]
    return np.asarray(whole)


def _orthogonal(dy: Array, centred: Array) -> Array:
    dy = dy - dy.mean(axis=0)
    along = (dy * centred).sum(axis=0) / (centred**2).sum(axis=0)
    return np.asarray(dy - along * centred)
