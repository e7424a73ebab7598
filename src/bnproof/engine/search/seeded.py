"""How both searches run: the same examples for the same seed, and no limit but their number."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

Search = Callable[..., Any]


def seeded(seed_value: int, examples: int, *phases: Phase) -> Callable[[Search], Search]:
    """Return a decorator for a function below `hypothesis.given`, which makes it run so.

    Nothing is saved and nothing is timed, so that a run depends on the seed alone.
    """
    limited = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    return lambda search: seed(seed_value)(limited(search))
