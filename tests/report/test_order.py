"""The order in which failures explain each other is about properties that exist."""

import pytest

from bnproof.properties.catalogue import PROPERTIES
from bnproof.report.order import FOLLOWS, FOLLOWS_IN, root_of

IDS = {property_.id for property_ in PROPERTIES}
ROOTS = {
    "forward/agreement",
    "forward/dtype-and-shape",
    "forward/inputs-unchanged",
    "forward/results-kept",
    "forward/deterministic",
    "forward/strides",
    "forward/nonfinite-confinement",
    "forward/single-value",
    "forward/empty-batch",
    "backward/agreement",
    "backward/repeatable",
    "backward/interleaved",
    "backward/inputs-unchanged",
    "backward/nonfinite-confinement",
    "running/one-step",
    "running/bias-convention",
    "running/untouched-by-inference",
    "running/untouched-by-backward",
    "running/dtype",
    "inference/agreement",
    "layer/state",
}
"""The properties that are named first: agreement, facts, and relations to the first call."""


def test_every_property_has_its_place() -> None:
    """Catches a new property that nobody has put into the order, or one that is gone."""
    assert set(FOLLOWS) | ROOTS == IDS
    assert not set(FOLLOWS) & ROOTS
    assert {parent for parents in FOLLOWS.values() for parent in parents} <= IDS
    assert {name for name, _ in FOLLOWS_IN} | set(FOLLOWS_IN.values()) <= IDS


@pytest.mark.parametrize("property_id", sorted(IDS))
def test_what_explains_a_failure_is_a_root(property_id: str) -> None:
    """Catches a circle, and an explanation that needs one itself."""
    root = root_of(property_id, "y", IDS)

    assert root_of(root, "y", IDS) == root
    assert root_of(property_id, "y", {property_id}) == property_id
    assert (root in FOLLOWS) is False


def test_convention_explains_one_output_only() -> None:
    """Catches a wrong running mean that is put down to the convention of the variance."""
    failing = {"running/one-step", "running/bias-convention", "running/many-steps"}

    assert root_of("running/many-steps", "running_var", failing) == "running/bias-convention"
    assert root_of("running/many-steps", "running_mean", failing) == "running/one-step"
