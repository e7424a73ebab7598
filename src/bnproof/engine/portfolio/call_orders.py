"""Calls in other orders, on other data, instances and threads, each of which is judged."""

from collections.abc import Iterator

from bnproof.engine.model.case import SEQUENCE_PLANS, Case, SequencePlan
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder, to_rank
from bnproof.engine.portfolio.double_arguments import given

LARGE = (2053, 257)
"""More than 2^19 elements, and a ragged tail whatever a vector or a block has."""
THREADED = (173, 60)
"""More than 10^4 elements, which some compute by several threads."""
ONE_DTYPE: tuple[SequencePlan, ...] = ("open contexts", "two threads")
"""Plans of so many calls that they are made in one dtype of those that are checked, in turns."""
ONE_RANK: tuple[SequencePlan, ...] = (*ONE_DTYPE, "stacked layers")
"""These and others are made in one rank, another one in each dtype."""


def cases(build: Builder) -> Iterator[Case]:
    """Each plan on one small data set, in every rank."""
    small = build.case("calls", build.ordinary(12, 5), eps=2.0**-10)
    few_shapes = build.declaration.fixes("shape") or build.compiled
    larger = small if few_shapes else build.case("calls", build.normal(*THREADED), eps=2.0**-10)
    for plan in SEQUENCE_PLANS:
        if plan == "large calls" or not _has_turn(build, plan):
            continue
        base = larger if plan == "two threads" else small
        case = base.with_(
            name=f"calls: {plan}", calls=plan, data_key="", tags=base.tags | {Tag.TURN}
        )
        ranks = (_rank(build),) if plan in ONE_RANK else build.ranks()
        for made in build.every_rank(case, ranks=ranks):
            twice = plan == "second gradients" and build.declaration.is_plain
            yield given(made, "", 0) if twice else made


def large(build: Builder) -> Iterator[Case]:
    """Large data, in one dtype and rank; none where the target has one shape, or compiles each."""
    fixed = build.declaration.fixes("shape", "channels")
    if fixed or build.compiled or not build.in_turn(1):
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


def _has_turn(build: Builder, plan: SequencePlan) -> bool:
    """Whether a dtype has a plan; the quick profile has a way of its own to choose one dtype."""
    return build.rotates or plan not in ONE_DTYPE or build.in_turn(ONE_DTYPE.index(plan))


def _rank(build: Builder) -> int:
    """One of the declared ranks, in turns over the dtypes."""
    ranks = build.declaration.ranks
    return ranks[list(FORMATS).index(build.dtype) % len(ranks)]
