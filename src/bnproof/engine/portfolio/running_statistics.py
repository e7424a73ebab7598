"""Running statistics: many steps, convergence to a population, the cumulative average."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.exact_data import balanced_integers

STEPS = 24
CONVERGENCE_STEPS = 60


def cases(build: Builder) -> Iterator[Case]:
    """Cases of the running statistics."""
    for case in (*_many(build), *_population(build), *_statistics_of_batch(build)):
        yield from build.every_rank(case)
    if build.declaration.cumulative and not build.declaration.fixes("momentum"):
        yield from _cumulative(build)


def _many(build: Builder) -> Iterator[Case]:
    case = build.case(
        "many steps", build.ordinary(6, 3), weight=0.25, calls="steps", tags=frozenset({Tag.STEPS})
    )
    steps = tuple(build.format.round(build.normal(*case.x.shape) + 0.5) for _ in range(STEPS - 1))
    yield case.with_(steps=steps)


def _population(build: Builder) -> Iterator[Case]:
    """Every batch is the whole population, exactly representable, in another order."""
    population = _balanced(build, build.power_of_two(8), 2) / 2
    case = build.case(
        "convergence",
        population,
        weight=0.25,
        running_mean=[8.0, -4.0, 0.0],
        running_var=[0.0, 1.0, 16.0],
        calls="steps",
        tags=frozenset({Tag.CONVERGENCE, Tag.STEPS}),
    )
    steps = tuple(case.x[build.rng.permutation(len(case.x))] for _ in range(CONVERGENCE_STEPS - 1))
    yield case.with_(steps=steps)


def _statistics_of_batch(build: Builder) -> Iterator[Case]:
    """Inference with the statistics of the batch itself, which are exactly representable.

    Where training normalises by the unbiased variance, the mean square of 8 values is 49 / 4 and
    their unbiased variance 14: 8 / 7 times that has to be a number of the format as well, so that
    there are 8 even where shapes come from the stock.
    """
    unbiased = build.declaration.normalises_unbiased
    count, root = (8, 7) if unbiased else (build.power_of_two(8), 2)
    degrees = int(unbiased)
    x = _balanced(build, count, root) / 2
    case = build.case(
        "statistics of the batch", x, calls="short", tags=frozenset({Tag.EQUALS_TRAINING})
    )
    wide = np.asarray(case.x, np.float64)
    axes = (0, *range(2, wide.ndim))
    yield case.with_(
        running_mean=build.parameters.round(wide.mean(axis=axes)),
        running_var=build.parameters.round(wide.var(axis=axes, ddof=degrees)),
    )
    yield from _identity(build, x, degrees)


def _identity(build: Builder, x: Array, degrees: int) -> Iterator[Case]:
    """gamma and beta that give x back; where one is always None, data for which it is 1 or 0."""
    eps = 0.5
    if not build.declaration.has_beta:
        x = x - x.mean(axis=0)
    if not build.declaration.has_gamma:
        x = x / 8
        eps = 1 - float(x[:, 0].var(ddof=degrees))
    given = build.case(
        "identity", x, eps=eps, calls="short", tags=frozenset({Tag.IDENTITY}), gamma=1.0, beta=0.0
    )
    if not build.declaration.has_gamma and given.eps != eps:
        return  # the target takes only other eps, for which inv_std is not 1
    wide = np.asarray(given.x, np.float64)
    axes = (0, *range(2, wide.ndim))
    scale = np.sqrt(wide.var(axis=axes, ddof=degrees) + given.eps)
    exact: dict[Argument, Array] = {
        "gamma": build.parameters.round(scale),
        "beta": build.parameters.round(wide.mean(axis=axes)),
    }
    yield given.with_arrays({n: a for n, a in exact.items() if getattr(given, n) is not None})


def _cumulative(build: Builder) -> Iterator[Case]:
    for seen in (0, 1, 2, 7, 300, 2049, 70000):
        case = build.case(
            f"cumulative, {seen} batches seen",
            build.ordinary(6, 3),
            weight=None,
            batches_seen=seen,
            tags=frozenset({Tag.CUMULATIVE}),
        )
        yield from build.every_rank(case)
    case = build.case(
        "cumulative, many steps",
        build.ordinary(6, 3),
        weight=None,
        calls="steps",
        tags=frozenset({Tag.CUMULATIVE, Tag.STEPS}),
    )
    steps = tuple(build.format.round(build.normal(*case.x.shape) + 0.5) for _ in range(STEPS - 1))
    yield from build.every_rank(case.with_(steps=steps))


def _balanced(build: Builder, count: int, root: int) -> Array:
    """Integers with small whole means, whose mean square about them is root^2."""
    means = np.resize([0, 3, -2], build.columns(3)).tolist()
    return np.stack([balanced_integers(count, root, build.rng) + m for m in means], axis=1)
