"""Relations on one grid: a base case and the transformed copies that properties compare it with.

Data lies on a grid, so that every transformation is exact in every format.
"""

import math
import sys
from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import GRID_EPS, SCALED_EPS
from bnproof.engine.model.case import Case, Changes
from bnproof.engine.model.formats import Array
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.relation import Base, Change, Relation, relation
from bnproof.registration import defined_in

COUNT, CHANNELS = 12, 4


def cases(build: Builder) -> Iterator[Case]:
    """The base case and its twins, in every rank; none where the target has only one shape."""
    if build.declaration.fixes("shape", "channels"):
        return
    base = build.case(
        "grid",
        _grid(build, 16, 48),
        dy=_grid(build, 8, 16),
        eps=GRID_EPS,
        gamma=[1.5, -0.75, 2.0, 0.5],
        beta=[0.5, -1.0, 0.25, 2.0],
    )
    if base.eps != GRID_EPS:
        return  # the target takes only other eps, for which the grid was scaled
    grid = Base(base, build.declaration, lambda: _grid(build, 8, 16), build.rng)
    relations = defined_in(sys.modules[__name__], Relation)
    made = [base, *(twin for each in relations for twin in each.twins(grid))]
    for case in made:
        named = case.with_(calls="short", data_key=case.name)
        yield from build.every_rank(named, ranks=build.main_ranks)
    yield from _positions_permuted(build, base)


def _grid(build: Builder, per_unit: int, reach: int) -> Array:
    return build.rng.integers(-reach, reach + 1, (COUNT, CHANNELS)) / per_unit


@relation
def bias_invariance(base: Base) -> Iterator[Change]:
    """A bias in front, of whole numbers."""
    bias = np.array([1.0, -2.0, 0.5, 3.0])
    yield Change("a bias in front", {"x": base.x + bias}, {"bias": bias})


@relation
def scale_law(base: Base) -> Iterator[Change]:
    """x scaled by powers of two, and eps with it."""
    for eps in SCALED_EPS:
        if base.declaration.allows("eps", eps):
            power = round(math.log2(eps / GRID_EPS)) // 2
            scaled: Changes = {"x": base.x * 2.0**power, "eps": eps}
            yield Change(f"scaled by 2^{power}", scaled, {"power": power})


@relation
def sign(base: Base) -> Iterator[Change]:
    """x with the other sign."""
    yield Change("sign changed", {"x": -base.x})


@relation
def sample_permutation(base: Base) -> Iterator[Change]:
    """The samples in another order."""
    order = base.rng.permutation(COUNT)
    permuted: Changes = {"x": base.x[order], "dy": base.dy[order]}
    yield Change("samples permuted", permuted, {"order": order})


@relation
def channel_permutation(base: Base) -> Iterator[Change]:
    """The channels in another order, with all that belongs to them."""
    order = np.array([2, 0, 3, 1])
    permuted: Changes = {"x": base.x[:, order], "dy": base.dy[:, order], **base.per_channel(order)}
    yield Change("channels permuted", permuted, {"order": order})


@relation
def channel_independence(base: Base) -> Iterator[Change]:
    """The first channel as it is: among others, and alone."""
    others = base.x.copy()
    others[:, 1:] = np.roll(others[:, 1:], 1, axis=0) * -2
    yield Change("other channels changed", {"x": others})
    first = slice(1)
    alone: Changes = {"x": base.x[:, first], "dy": base.dy[:, first], **base.per_channel(first)}
    yield Change("one channel alone", alone)


@relation
def affine(base: Base) -> Iterator[Change]:
    """Another gamma and beta, as far as there are any."""
    changed: Changes = {}
    if base.case.gamma is not None:
        changed["gamma"] = base.wide("gamma") * [-2, 4, 0.5, -1]
    if base.case.beta is not None:
        changed["beta"] = base.wide("beta") + 1.5
    if changed:
        yield Change("other gamma and beta", changed)


@relation
def independent_of_beta(base: Base) -> Iterator[Change]:
    """Another beta."""
    if base.case.beta is not None:
        yield Change("other beta", {"beta": base.wide("beta") - 3})


@relation
def duplicated_batch(base: Base) -> Iterator[Change]:
    """Every sample twice."""
    twice: Changes = {
        "x": np.concatenate([base.x, base.x]),
        "dy": np.concatenate([base.dy, base.dy]),
    }
    yield Change("the batch twice", twice)


@relation
def independent_of_running_statistics(base: Base) -> Iterator[Change]:
    """Other running statistics."""
    statistics: Changes = {
        "running_mean": base.wide("running_mean") + 5,
        "running_var": base.wide("running_var") * 3,
    }
    yield Change("other running statistics", statistics)


@relation
def symmetry(base: Base) -> Iterator[Change]:
    """Another dy."""
    yield Change("other dy", {"dy": base.other_dy})


@relation
def additivity(base: Base) -> Iterator[Change]:
    """The sum of the base's dy and of the other dy."""
    partner = {"with": f"{base.case.name}: other dy"}
    yield Change("both dy", {"dy": base.dy + base.other_dy}, partner)


@relation
def homogeneity(base: Base) -> Iterator[Change]:
    """dy times 4."""
    yield Change("dy times 4", {"dy": 4 * base.dy}, {"factor": 4.0})


@relation
def example_independence(base: Base) -> Iterator[Change]:
    """The first example as it is, among other examples."""
    neighbours = base.x.copy()
    neighbours[1:] = np.roll(neighbours[1:], 2, axis=0) * -2
    yield Change("other examples", {"x": neighbours})


@relation
def spatial_permutation(base: Base) -> Iterator[Change]:
    """The spatial positions in another order; there are none in a base of shape (N, C)."""
    if base.x.ndim > 2:
        order = base.rng.permutation(base.x.shape[2])
        permuted: Changes = {"x": base.case.x[:, :, order], "dy": base.case.dy[:, :, order]}
        yield Change("positions permuted", permuted, {"order": order})


def _positions_permuted(build: Builder, base: Case) -> Iterator[Case]:
    """The twins with permuted positions: of the base in each rank that has space."""
    for rank in build.main_ranks:
        if rank >= 3:
            for case in build.every_rank(base, ranks=[rank]):
                spatial = Base(case, build.declaration, lambda: _grid(build, 8, 16), build.rng)
                for twin in spatial_permutation.twins(spatial):
                    yield twin.with_(data_key="", calls="short")
