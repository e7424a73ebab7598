"""Batches of several virtual batches, for targets that normalize so many samples together."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder

MULTIPLES = (1, 2, 3, 8)
MOST = 16
"""More virtual batches than that show nothing new, and each takes its time."""

SPACES = {2: (), 3: (3,), 4: (2, 3), 5: (2, 1, 3)}


def cases(build: Builder) -> Iterator[Case]:
    """Several virtual batches, of different means and spreads, in every rank."""
    samples = build.declaration.virtual_batch
    if samples is None or build.declaration.fixes("shape"):
        return
    for rank in build.ranks():
        for times in MULTIPLES:
            yield _case(build, (times * samples, 3, *SPACES[rank]), samples)
        yield _case(build, (max(1, samples // 2), 3, *SPACES[rank][1:], 2), samples)


def _case(build: Builder, shape: tuple[int, ...], samples: int) -> Case:
    numbers = np.arange(shape[0]).reshape(-1, *(1 for _ in shape[1:])) // samples
    x = build.normal(*shape) * 2.0 ** (numbers % 3) + 3 * (numbers % 5)
    name = f"virtual batches, {'x'.join(map(str, shape))}"
    return build.case(name, x, eps=SMALL_EPS)


def fitting(declaration: Declaration, case: Case) -> bool:
    """Whether a case is one virtual batch at most, or several whole ones in one call.

    How a last batch of fewer samples is formed is a matter of convention, and so is what several
    virtual batches do to averages that are followed through many steps, or are cumulative.
    """
    samples = declaration.virtual_batch
    if samples is None or len(case.x) <= samples:
        return True
    several = case.calls in ("steps", "layer") or case.momentum is None
    return len(case.x) % samples == 0 and len(case.x) <= MOST * samples and not several
