"""A base case and its neighbours x + h v and x - h v, for difference quotients."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnproof.engine.model.case import Case, Twin
from bnproof.engine.model.formats import Array
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.truth.bounds.slope import step

RELATION = "finite_differences"
"""The relation of both neighbours to the base, which is what is judged."""

COUNTS = (3, 8, 32)


def cases(build: Builder) -> Iterator[Case]:
    """A base case, x + h v and x - h v, for a few sizes; in 16 bits agreement covers it."""
    if not build.wide or build.declaration.fixes("shape", "channels"):
        return
    for count, channels in _shapes(build):
        x = 2 * build.normal(count, channels) + build.rng.choice([0.0, 5.0])
        case = build.case(f"finite differences, {count} values", x, eps=0.25, calls="short")
        v = build.rng.choice([-1.0, 1.0], size=(count, channels))
        v[0] = -v[1]
        h = step(case, v, normalises_unbiased=build.declaration.normalises_unbiased)
        exact = np.rint(np.asarray(case.x, np.float64) / h) * h
        case = case.with_(x=exact.astype(case.x.dtype))
        for made in (case, *_neighbours(case, v, h)):
            yield from build.every_rank(made, ranks=build.main_ranks)


def _shapes(build: Builder) -> Iterator[tuple[int, int]]:
    for count in dict.fromkeys(build.rows(count) for count in COUNTS):
        yield count, build.columns(3)


def _neighbours(case: Case, v: Array, h: Array) -> Iterator[Case]:
    for sign, name in ((1, "plus"), (-1, "minus")):
        how: dict[str, Any] = {"v": v, "h": h, "sign": sign}
        moved = (np.asarray(case.x, np.float64) + sign * h * v).astype(case.x.dtype)
        made = f"{case.name}, {name}"
        yield case.with_(name=made, x=moved, data_key=made, twin=Twin(case.name, RELATION, how))
