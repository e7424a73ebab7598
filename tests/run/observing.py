"""Cases of ordinary data, and what a session observes of a target on them."""

from collections.abc import Iterable

import numpy as np

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.observation import Observation
from bnproof.engine.wording import events as wording
from bnproof.sandbox.session import Session


def case(number: int = 0, dtype: str = "float32", calls: Plan = "short", size: int = 6) -> Case:
    """Ordinary data; with calls="short" it makes one training call and one inference."""
    storage = FORMATS[dtype]
    x = storage.round(np.random.default_rng(number).normal(size=(size, 2)))
    parameters = FORMATS["float32"].round([0.5, 2.0])
    return Case(
        name=f"case {number}",
        x=x,
        dy=x[::-1].copy(),
        gamma=parameters,
        beta=parameters,
        running_mean=parameters,
        running_var=parameters,
        eps=0.5,
        momentum=0.25,
        calls=calls,
    )


def observe(target: str, number: int = 5, timeout: float = 0.4) -> list[Observation]:
    """The observations of some cases."""
    with Session(target, timeout=timeout) as session:
        cases = [case(n) for n in range(number)]
        return [observation for _, observation in session.run_many(cases)]


def endings(observed: Iterable[Observation]) -> list[str]:
    """How each case ended, "" for those that ended well."""
    return [o.failure.kind if o.failure else "" for o in observed]


def ending(observed: Observation) -> str:
    """How a case ended, in words."""
    return wording.ending(observed.failure) if observed.failure else ""
