"""Whether a case is one that a target with virtual batches, or with a mask, can be given."""

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag

MOST = 16
"""Virtual batches that cases about other things have at most: each takes its time."""

FEWEST = 2
"""Values that have to count, with which every target can be trained."""


def fitting(declaration: Declaration, case: Case) -> bool:
    """Whether enough values count, and whether all virtual batches are whole.

    How a last batch of fewer samples is formed is a matter of convention, and so is what several
    virtual batches do to averages that are followed through many steps, or are cumulative.
    """
    if case.mask is not None and case.mask.sum() < FEWEST:
        return False
    samples = declaration.virtual_batch
    if samples is None or len(case.x) <= samples:
        return True
    several = case.calls in ("steps", "layer") or case.momentum is None
    few = len(case.x) <= MOST * samples or Tag.MANY_BATCHES in case.tags
    return len(case.x) % samples == 0 and few and not several
