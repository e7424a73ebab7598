"""Calls in other orders, on other data, instances and threads, each of which is judged."""

from collections.abc import Iterator

from bnproof.engine.model.case import SEQUENCE_PLANS, Case, SequencePlan
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder, to_rank
from bnproof.engine.portfolio.double_arguments import given

LARGE = (401, 260)
"""More than 10^5 elements, and a ragged tail whatever a vector or a block has."""
ONE_RANK: tuple[SequencePlan, ...] = ("open contexts", "two threads")
"""Plans of so many calls that they are made in one rank, another one in each dtype."""


def cases(build: Builder) -> Iterator[Case]:
    """Each plan on one small data set, in every rank."""
    base = build.case("calls", build.ordinary(12, 5), eps=2.0**-10)
    for plan in SEQUENCE_PLANS:
        if plan == "large calls":
            continue
        case = base.with_(
            name=f"calls: {plan}", calls=plan, data_key="", tags=base.tags | {Tag.TURN}
        )
        ranks = (_rank(build),) if plan in ONE_RANK else build.ranks()
        for made in build.every_rank(case, ranks=ranks):
            twice = plan == "second gradients" and build.declaration.is_plain
            yield given(made, "", 0) if twice else made


def large(build: Builder) -> Iterator[Case]:
    """Large data, in one rank; none where the target has only one shape, or compiles each."""
    if build.declaration.fixes("shape", "channels") or build.compiled:
        return
    case = build.case(
        "calls: large",
        build.normal(*LARGE),
        eps=2.0**-10,
        calls="large calls",
        tags=frozenset({Tag.LARGE}),
        data_key="",
    )
    yield to_rank(case, _rank(build))


def _rank(build: Builder) -> int:
    """One of the declared ranks, in turns over the dtypes."""
    ranks = build.declaration.ranks
    return ranks[list(FORMATS).index(build.dtype) % len(ranks)]
