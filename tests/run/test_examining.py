"""The doctor says how many properties a check tests, and why it does not test the others."""

from pathlib import Path

import pytest

from bnproof.check.examination import examine
from bnproof.check.one_target import run_check
from bnproof.engine.contract.needs import ALLOWED, Need
from bnproof.engine.model.offers import OFFERS, Offer
from bnproof.engine.model.result import Report
from bnproof.engine.wording import reasons
from bnproof.engine.wording.reasons import NO_CASE
from bnproof.targets.declarations import outside_of

TARGETS = """
from bnproof.reference import BatchNorm


class Small(BatchNorm):
    dtypes = ("float32",)


class OnlyDx(Small):
    layer = None

    def train(self, *arguments, **settings):
        y, mean, var, backward = super().train(*arguments, **settings)
        return y, mean, var, lambda dy: (backward(dy)[0], None, None)


class Bare(Small):
    layer = None

    def train(self, *arguments, **settings):
        return super().train(*arguments, **settings)[0], None, None, None

    def infer(self, *arguments, **settings):
        return super().infer(*arguments, **settings)[0], None, None, None


class Half(BatchNorm):
    dtypes = ("float16",)
"""

CASES: list[tuple[str, list[str], list[str]]] = [
    ("Small", [], []),
    ("Small", ["fixed=eps:1e-5,momentum:0.1"], []),
    ("Small", ["fixed=shape:8x4x3x3", "ranks=4"], []),
    ("Small", ["fixed=channels:1"], []),
    ("Small", ["accepts=eps:0.4..0.6,momentum:0.1..0.5", "ranks=2"], []),
    ("Small", ["affine_parameters=none", "keeps_strides=false"], ["evaluation"]),
    ("Small", ["single_value=undefined", "replays=true"], ["running-statistics"]),
    ("OnlyDx", [], []),
    ("Bare", [], ["double-backward"]),
    ("Half", ["ranks=2"], []),
]


@pytest.mark.parametrize(("name", "declare", "without"), CASES)
def test_counts_are_those_of_a_check(
    tmp_path: Path, name: str, declare: list[str], without: list[str]
) -> None:
    """Catches a count or a reason of the doctor that the check does not share."""
    path = tmp_path / "mine.py"
    path.write_text(TARGETS, encoding="utf-8")
    asked = {"declare": declare, "without": without}
    (report,) = run_check(f"{path}:{name}", profile="quick", **asked)  # type: ignore[arg-type]  # as given
    (variant,) = examine(f"{path}:{name}", outside=outside_of(declare, without)).variants

    assert report.exit_status == 0
    assert variant.unsupported == _untested(report)
    assert variant.supported == len({r.property for r in report.results}) - sum(
        map(len, variant.unsupported.values())
    )
    assert NO_CASE not in variant.unsupported


def _untested(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in report.results:
        if result.verdict == "unsupported":
            found.setdefault(result.reason, []).append(result.property)
    return found


@pytest.mark.parametrize(
    ("declare", "need", "why"),
    [
        ("fixed=eps:1e-5", "needs a variable eps", "this target fixes eps = 1e-05"),
        (
            "accepts=eps:1e-3..1e-2",
            "needs a variable eps",
            "this target accepts eps from 0.001 to 0.01",
        ),
        ("fixed=momentum:0.1", "needs a variable momentum", "this target fixes momentum = 0.1"),
        (
            "accepts=momentum:0.1..0.5",
            "needs momentum 0 or 1",
            "this target accepts momentum from 0.1 to 0.5",
        ),
        ("fixed=channels:8", "needs other shapes", "this target fixes channels = 8"),
        ("fixed=channels:1", "needs several channels", "this target fixes channels = 1"),
        ("fixed=shape:64x4", "needs other shapes", "this target fixes shape = (64, 4)"),
        (
            "fixed=shape:64x4",
            "needs at most 8 values per channel",
            "this target fixes shape = (64, 4)",
        ),
        ("ranks=2", "needs a rank above 2", "this target takes rank 2 only"),
        ("affine_parameters=none", "needs gamma and beta", "this target has none"),
        ("deterministic=false", "needs deterministic results", "this target declares others"),
        (
            "replays=true",
            "needs calls between forward and backward",
            "this target declares replays = True",
        ),
        ("empty=undefined", "needs an empty batch", "its effect is undefined in this target"),
        (
            "single_value=undefined",
            "needs one value per channel",
            "its effect is undefined in this target",
        ),
        ("cumulative=false", "needs momentum = None", "this target does not declare cumulative"),
        ("dtypes=float16", "needs float32 or float64", "a slope cannot be measured in 16 bits"),
    ],
)
def test_reason_names_what_is_declared(declare: str, need: str, why: str) -> None:
    """Catches a property that is not tested without the declaration that is the reason."""
    (variant,) = examine("reference", outside=outside_of([declare])).variants
    assert f"{need}; {why}" in variant.unsupported


def test_every_need_has_a_rule_and_a_reason() -> None:
    """Catches a need that is added without saying when it is met, or why it is not."""
    assert {*Need} == {*ALLOWED} == {*reasons._REASONS}
    assert {*Offer} == {*OFFERS} == {*reasons.NOT_OFFERED}
