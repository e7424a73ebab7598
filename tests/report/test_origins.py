"""A report's recognition, origins, gaps and advice survive as JSON."""

import io
import json

import pytest

from bnproof.engine.model.result import Report, Result
from bnproof.report.model_json import dumps
from bnproof.report.saved_report import UnreadableReport, read

RESULT = Result("running/one-step", "A step.", "running-one-step", "float32", "fail", advised=True)
REPORT = Report(
    "mine.py:BN",
    name="BN",
    results=(RESULT,),
    conventions={"momentum_weighs": "old"},
    recognised=("form: NumPy class", "gamma = scale"),
    origins={"momentum_weighs": "identified by probing"},
    incomplete=("the buffer noise was not identified",),
    advice=("the failure is a difference of convention: add --declare momentum_weighs=old",),
)


def _read(text: str) -> Report:
    ((report,),) = read(io.BytesIO(text.encode()))
    return report


def test_written_and_read() -> None:
    """Catches a field that is not written, not read, or not in the schema."""
    assert _read(dumps([REPORT])) == REPORT


def test_files_of_earlier_versions_have_none_of_it() -> None:
    """Catches a file of an earlier version that is refused."""
    made = json.loads(dumps([REPORT]))
    for name in ("recognised", "origins", "incomplete", "advice"):
        del made[name]
    del made["results"][0]["advised"]
    report = _read(json.dumps(made))
    assert (report.recognised, report.origins, report.incomplete, report.advice) == ((), {}, (), ())
    assert not report.results[0].advised


def test_unknown_origin_is_refused() -> None:
    """Catches an origin that no version writes."""
    made = json.loads(dumps([REPORT]))
    made["origins"]["momentum_weighs"] = "guessed"
    with pytest.raises(UnreadableReport, match="guessed"):
        _read(json.dumps(made))


def test_incomplete_never_conforms() -> None:
    """Catches a report that conforms although something was not identified; a failure wins."""
    passed = Result("running/one-step", "A step.", "x", "float32", "pass", examples=3)
    assert Report("mine", results=(passed,)).exit_status == 0
    assert Report("mine", results=(passed,), incomplete=("the buffer b",)).exit_status == 4
    assert REPORT.exit_status == 1
