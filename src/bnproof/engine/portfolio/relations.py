"""Twins: one case and its transformed copies, for the relations between two calls.

Data lies on a grid, so that every transformation is exact in every format.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bnproof.engine.judging.property import GRID_EPS, SCALED_EPS
from bnproof.engine.model.case import Case, Twin
from bnproof.engine.model.formats import Array
from bnproof.engine.portfolio.builder import Builder

BASE = "grid"
COUNT, CHANNELS = 12, 4


def cases(build: Builder) -> Iterator[Case]:
    """The base case and its twins, in every rank; none where the target has only one shape."""
    if {"shape", "channels"} & set(build.declaration.fixed):
        return
    base = build.case(
        BASE,
        _grid(build, 16, 48),
        dy=_grid(build, 8, 16),
        eps=GRID_EPS,
        gamma=[1.5, -0.75, 2.0, 0.5],
        beta=[0.5, -1.0, 0.25, 2.0],
    )
    if base.eps != GRID_EPS:
        return  # the target takes only other eps, for which the grid was scaled
    made = [base, *_twins(build, base)]
    for case in made:
        grid = case.with_(calls="short", data_key=case.name)
        yield from build.every_rank(grid, ranks=build.main_ranks)
    yield from _spatial(build, base)


def _grid(build: Builder, per_unit: int, reach: int) -> Array:
    return build.rng.integers(-reach, reach + 1, (COUNT, CHANNELS)) / per_unit


def _twins(build: Builder, base: Case) -> Iterator[Case]:
    def twin(relation: str, name: str, how: Mapping[str, Any], **changes: Any) -> Case:
        same_type = {
            k: np.asarray(v).astype(getattr(base, k).dtype)
            for k, v in changes.items()
            if isinstance(v, np.ndarray)
        }
        return base.with_(
            name=f"{BASE}: {name}", twin=Twin(BASE, relation, how), **{**changes, **same_type}
        )

    def wide(a: Array | None) -> Array:
        return np.asarray(a, np.float64)

    x, dy = wide(base.x), wide(base.dy)
    bias = np.array([1.0, -2.0, 0.5, 3.0])
    yield twin("forward/bias-invariance", "a bias in front", {"bias": bias}, x=x + bias)
    for eps in SCALED_EPS:
        if build.declaration.allows("eps", eps):
            power = round(math.log2(eps / GRID_EPS)) // 2
            scaled = {"x": x * 2.0**power, "eps": eps}
            yield twin("forward/scale-law", f"scaled by 2^{power}", {"power": power}, **scaled)
    yield twin("forward/sign", "sign changed", {}, x=-x)
    order = build.rng.permutation(COUNT)
    yield twin(
        "forward/sample-permutation", "samples permuted", {"order": order}, x=x[order], dy=dy[order]
    )
    channels = np.array([2, 0, 3, 1])
    per_channel = {
        k: v[channels]
        for k in ("gamma", "beta", "running_mean", "running_var")
        if (v := getattr(base, k)) is not None
    }
    yield twin(
        "forward/channel-permutation",
        "channels permuted",
        {"order": channels},
        x=x[:, channels],
        dy=dy[:, channels],
        **per_channel,
    )
    others = x.copy()
    others[:, 1:] = np.roll(others[:, 1:], 1, axis=0) * -2
    yield twin("forward/channel-independence", "other channels changed", {}, x=others)
    alone = {
        k: v[:1]
        for k in ("gamma", "beta", "running_mean", "running_var")
        if (v := getattr(base, k)) is not None
    }
    yield twin(
        "forward/channel-independence", "one channel alone", {}, x=x[:, :1], dy=dy[:, :1], **alone
    )
    changed = {}
    if base.gamma is not None:
        changed["gamma"] = wide(base.gamma) * [-2, 4, 0.5, -1]
    if base.beta is not None:
        changed["beta"] = wide(base.beta) + 1.5
    if changed:
        yield twin("forward/affine", "other gamma and beta", {}, **changed)
    if base.beta is not None:
        yield twin("backward/independent-of-beta", "other beta", {}, beta=wide(base.beta) - 3)
    twice = {"x": np.concatenate([x, x]), "dy": np.concatenate([dy, dy])}
    yield twin("forward/duplicated-batch", "the batch twice", {}, **twice)
    statistics = {
        "running_mean": wide(base.running_mean) + 5,
        "running_var": wide(base.running_var) * 3,
    }
    yield twin(
        "forward/independent-of-running-statistics", "other running statistics", {}, **statistics
    )
    other = _grid(build, 8, 16)
    yield twin("backward/symmetry", "other dy", {}, dy=other)
    yield twin("backward/additivity", "both dy", {"with": f"{BASE}: other dy"}, dy=dy + other)
    yield twin("backward/homogeneity", "dy times 4", {"factor": 4.0}, dy=4 * dy)
    neighbours = x.copy()
    neighbours[1:] = np.roll(neighbours[1:], 2, axis=0) * -2
    yield twin("inference/example-independence", "other examples", {}, x=neighbours)


def _spatial(build: Builder, base: Case) -> Iterator[Case]:
    """Spatial positions permuted, where there is space."""
    for rank in build.main_ranks:
        if rank < 3:
            continue
        case = next(iter(build.every_rank(base, ranks=[rank])), None)
        if case is None:
            continue
        order = build.rng.permutation(case.x.shape[2])
        yield case.with_(
            name=f"{case.name}: positions permuted",
            x=case.x[:, :, order],
            dy=case.dy[:, :, order],
            twin=Twin(case.name, "forward/spatial-permutation", {"order": order}),
            data_key="",
            calls="short",
        )
