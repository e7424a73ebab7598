"""Which properties follow from which: the order in which failures are explained.

A relation cannot hold where one of its outputs is wrong, so that its failure says nothing new
beside a failure of agreement.  The same holds for the few facts that need a right output.  Other
facts (a changed input, a result that is overwritten) and the relations that allow for a wrong first
call (strides, repeated and interleaved backward passes) rest on nothing.  Each property names what
it rests on where it is defined.
"""

from collections.abc import Collection
from functools import cache

from bnproof.engine.model.basis import Basis

JUDGED_BY = {
    Basis.Y: "forward/agreement",
    Basis.GRADIENTS: "backward/agreement",
    Basis.STATISTICS: "running/one-step",
    Basis.Y_OF_INFER: "inference/agreement",
    Basis.GRADIENTS_OF_INFER: "inference/gradients",
}
"""The property that compares each result with exact arithmetic."""

FOLLOWING_FACTS = ("forward/nonfinite-confinement",)
"""The properties whose violations follow although no number is measured."""

FIRST = (
    "forward/agreement",
    "backward/agreement",
    "running/one-step",
    "running/bias-convention",
    "inference/agreement",
    "inference/gradients",
)
"""The roots that are shown before all others: whether the numbers are right."""

FOLLOWS_IN: dict[tuple[str, str], str] = {
    ("running/one-step", "running_var"): "running/bias-convention",
}
"""What a property follows from in one output only: another convention explains it."""


def rank(property_id: str) -> int:
    """The rank of a root: those of `FIRST` in their order, then all others.

    >>> rank("backward/agreement") < rank("inference/agreement") < rank("forward/strides")
    True
    """
    return FIRST.index(property_id) if property_id in FIRST else len(FIRST)


@cache
def follows() -> dict[str, tuple[str, ...]]:
    """What each property follows from, the likeliest first; nothing for a root."""
    from bnproof.properties.catalogue import PROPERTIES  # noqa: PLC0415  # the costly part

    return {p.id: tuple(JUDGED_BY[basis] for basis in p.rests_on) for p in PROPERTIES}


def root_of(property_id: str, output: str, failing: Collection[str]) -> str:
    """The failing property that explains a failure: the property itself if nothing else does.

    >>> root_of("backward/sum-zero", "sum of dx", {"backward/agreement", "backward/sum-zero"})
    'backward/agreement'
    """
    convention = FOLLOWS_IN.get((property_id, output), "")
    for parent in (convention, *follows().get(property_id, ())):
        if not parent:
            continue
        root = root_of(parent, output, failing)
        if root in failing:
            return root
    return property_id
