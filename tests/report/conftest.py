"""Reports as a check could have made them."""

import pytest

from bnproof.engine.model.explained import Explained
from bnproof.engine.model.result import (
    Accuracy,
    Cause,
    OffsetCurve,
    OffsetPoint,
    OutputAccuracy,
    Report,
    Result,
    Violation,
)
from bnproof.engine.model.verdict import FailureKind

ROW = ("[0, 0]", "1.23663759", "1.54780712", "0.311", "1.5e-05")


def violation(output: str = "y", ratio: float = 20800.0, kind: FailureKind = "fail") -> Violation:
    """A wrong number, or a crash."""
    measured = kind == "fail"
    return Violation(
        case="1 channel: float32 6x1, eps 0.5, momentum 0.125",
        case_name="1 channel",
        output=output,
        detail=f"{output}: error is {ratio:.3g} times the bound"
        if measured
        else "killed by SIGSEGV",
        elements=(ROW,) * 8 if measured else (),
        ratio=ratio,
        kind=kind,
        of=output.partition(" of ")[2],
        replay="abcdefg2",
    )


def failed(name: str, dtype: str = "float32", *violations: Violation) -> Result:
    """A property that is violated."""
    return Result(
        name,
        "A statement that is long enough to need a second line if it is printed in 80 columns.",
        "some-theorem",
        dtype,
        violations[0].kind,
        examples=12,
        worst_ratio=violations[0].ratio,
        violations=violations,
        further=3,
        replay=violations[0].replay,
    )


def measured() -> Accuracy:
    """With what is plotted: one output within the bound, one beyond, and a curve that breaks."""
    points = ((1.0, 7.0, 5.0), (64.0, 3.5, 3.0), (4096.0, 0.5, 1.25), (262144.0, 0.0, 0.0))
    return Accuracy(
        "streaming",
        "",
        worst_ratio=2e7,
        outputs=(
            OutputAccuracy(
                "y (train)", {"two-pass": 0.5, "streaming": 0.25, "one-pass": 0.25}, "a"
            ),
            OutputAccuracy("dx (train)", {"two-pass": float("inf"), "streaming": 2e7}, "b"),
        ),
        offsets=(
            OffsetCurve(
                "y",
                7.2,
                tuple(OffsetPoint(at, kept, {"streaming": due}) for at, kept, due in points),
            ),
            OffsetCurve("dx", 7.2, (OffsetPoint(2.0, 6.0, {"streaming": 5.0}),)),
        ),
    )


CAUSE = Cause(
    "eps/twice",
    "eps is added twice.",
    "Add eps once.",
    ("owner/name#12",),
    (Explained("train", "dx"), Explained("train", "y")),
)


KNOWN = Result("forward/sign", "s", "t", "float32", "known", 9, reason="to be mended in May")


@pytest.fixture
def report() -> Report:
    """One of everything."""
    return Report(
        "bn.py:BN",
        name="BN",
        version="2",
        results=(
            Result("forward/zero-mean", "s", "t", "float32", "pass", 9, 1, 0.25, "y", "a case"),
            Result("forward/zero-mean", "s", "t", "float64", "pass", 9, 0, 0.9999),
            Result("forward/spatial", "s", "t", "float32", "unsupported", reason="no space"),
            Result("forward/spatial", "s", "t", "float64", "unsupported", reason="no space"),
            failed("forward/agreement", "float32", violation(), violation("dx", float("inf"))),
            failed("forward/agreement", "float64", violation(ratio=float("nan"))),
            failed("backward/agreement", "float32", violation(kind="crashed", ratio=float("inf"))),
            failed("running/one-step", "float32", violation(kind="crashed", ratio=float("inf"))),
        ),
        accuracy={
            "float32": Accuracy("streaming", "two-pass", {"C": "two-pass"}, 0.5, "y", "c", "mean"),
            "float64": Accuracy("streaming", "", depth=3.5, depth_count=1024, exact=(3, 4)),
        },
        conventions={"momentum_weighs": "old", "accepts": {"eps": (0.0, float("inf"))}},
        cases={"float32": 12, "float64": 11},
        promised={"float32": 12, "float64": 12},
        notes=("a note",),
        environment={"python": "3"},
        seconds=1.5,
    )
