"""What is tried on whole torch modules: one case for each demand, on the same ordinary data."""

from collections.abc import Iterator

from bnproof.engine.model.calls import trial_of
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder, to_rank
from bnproof.engine.wording.reasons import not_tried


def cases(build: Builder) -> Iterator[Case]:
    """A case for each demand that can be tried, in 32 and 64 bits; none without a torch module."""
    declared = build.declaration
    tried = [demand for demand in declared.demands if not not_tried(demand, declared)]
    if not tried or not build.wide or declared.fixes("shape"):
        return
    made = build.case(
        "module", build.ordinary(8, 4), weight=0.25, calls="module", tags=frozenset({Tag.MODULE})
    )
    made = to_rank(made, declared.ranks[0])
    for demand in tried:
        yield made.with_(name=trial_of(demand), demand=demand)
