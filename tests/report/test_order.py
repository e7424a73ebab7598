"""The order in which failures explain each other is about properties that exist."""

from dataclasses import replace

import pytest
from tests.report.conftest import failed, violation

from bnproof.engine.model.basis import Basis
from bnproof.engine.model.result import Report, Violation
from bnproof.properties.catalogue import PROPERTIES
from bnproof.report.cards import cards
from bnproof.report.order import FIRST, FOLLOWING_FACTS, FOLLOWS_IN, JUDGED_BY, follows, root_of
from bnproof.report.target_report import Whole
from bnproof.report.violations import gather

IDS = {property_.id for property_ in PROPERTIES}


def test_the_order_is_about_properties_that_exist() -> None:
    """Catches a result that no property is named for, and a property that is gone."""
    assert set(JUDGED_BY) == {*Basis}
    assert {*JUDGED_BY.values(), *FIRST, *FOLLOWING_FACTS} <= IDS
    assert {name for name, _ in FOLLOWS_IN} | set(FOLLOWS_IN.values()) <= IDS


def test_twins_follow_from_what_is_compared() -> None:
    """Catches a relation between two calls that is shown before the wrong results of one call."""
    twice = [p for p in PROPERTIES if p.id in ("forward/sign", "backward/symmetry")]

    assert [follows()[p.id] for p in twice] == [
        ("forward/agreement", "backward/agreement", "running/one-step"),
        ("backward/agreement",),
    ]


@pytest.mark.parametrize("property_id", sorted(IDS))
def test_what_explains_a_failure_is_a_root(property_id: str) -> None:
    """Catches a circle, and an explanation that needs one itself."""
    root = root_of(property_id, "y", IDS)

    assert root_of(root, "y", IDS) == root
    assert root_of(property_id, "y", {property_id}) == property_id
    assert follows()[root] == ()


def test_convention_explains_one_output_only() -> None:
    """Catches a wrong running mean that is put down to the convention of the variance."""
    failing = {"running/one-step", "running/bias-convention", "running/many-steps"}

    assert root_of("running/many-steps", "running_var", failing) == "running/bias-convention"
    assert root_of("running/many-steps", "running_mean", failing) == "running/one-step"


def fact(output: str) -> Violation:
    """A fact about a result that does not hold."""
    detail = f"{output} is finite"
    return replace(violation(output), elements=(), ratio=float("inf"), detail=detail)


def test_roots_that_matter_most_come_first(report: Report) -> None:
    """Catches a fact that follows from wrong statistics and is shown before them, and twice."""
    results = [
        failed(
            "forward/nonfinite-confinement",
            "float32",
            fact("running_mean"),
            fact("running_var"),
        ),
        failed("forward/single-value", "float32", violation("running_mean")),
        failed("running/one-step", "float32", violation("running_mean")),
    ]
    whole = Whole((replace(report, results=tuple(results)),))
    (card,) = cards(whole.placed, gather(whole.placed))

    assert [root.name for root in card.roots] == ["running/one-step"]
    assert card.further == ["forward/nonfinite-confinement", "forward/single-value"]


def test_one_card_for_each_property_and_case(report: Report) -> None:
    """Catches a fact that has a block for each output, and a number that comes after facts."""
    results = (
        failed("forward/nonfinite-confinement", "float32", fact("y"), fact("dx")),
        failed("inference/agreement", "float32", violation()),
    )
    whole = Whole((replace(report, results=results),))
    made = cards(whole.placed, gather(whole.placed))

    assert [[root.name for root in card.roots] for card in made] == [
        ["inference/agreement"],
        ["forward/nonfinite-confinement"] * 2,
    ]


def test_what_was_raised_follows_from_nothing(report: Report) -> None:
    """Catches an exception that is put down to a wrong number."""
    raised = replace(violation(kind="fail"), elements=(), ratio=float("inf"), event="raised")
    results = (
        failed("forward/agreement", "float32", violation()),
        failed("forward/single-value", "float32", raised),
    )
    whole = Whole((replace(report, results=results),))

    assert len(cards(whole.placed, gather(whole.placed))) == 2
