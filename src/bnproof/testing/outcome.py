"""From a verdict to what a test says: the text of the terminal report, without a traceback."""

from bnproof.engine.model.result import Report, Result
from bnproof.engine.model.verdict import FAILED
from bnproof.engine.wording.text import clipped
from bnproof.report.failures import failures
from bnproof.report.lines import joined
from bnproof.testing.planned_checks import Verdict


def text(*results: Result, full: bool = True) -> str:
    """The failures of some results, as ``bnproof check`` prints them."""
    return "\n".join(line.plain for line in joined(failures(results, full=full)))


def headline(verdict: Verdict) -> str:
    """What is wrong, in one line."""
    if verdict.result.violations:
        return clipped(verdict.result.violations[0].detail, 120)
    return too_little(verdict.report)


def too_little(report: Report) -> str:
    """Why a check that found no failure is none that can be relied on, "" if it can.

    >>> too_little(Report("mine", cases={"float32": 3}, promised={"float32": 219}))
    'too little was checked: 3 of 219 cases in float32'
    """
    ran = {dtype: (report.cases.get(dtype, 0), due) for dtype, due in report.promised.items()}
    short = [f"{n} of {due} cases in {dtype}" for dtype, (n, due) in ran.items() if n < due]
    if not any(report.cases.values()):
        return f"nothing was checked: {', '.join(short) or 'no case'}"
    return f"too little was checked: {', '.join(short)}" if short else ""


def conclude(verdict: Verdict) -> None:
    """End a test as a verdict says: pass, or raise what pytest knows as the outcome."""
    __tracebackhide__ = True
    import pytest  # noqa: PLC0415  # only tests have it

    result = verdict.result
    if result.verdict == "known":
        pytest.xfail(result.reason)  # does nothing with --runxfail
        pytest.fail(text(result), pytrace=False)
    if result.verdict in FAILED:
        pytest.fail(text(result), pytrace=False)
    if too_little(verdict.report):
        pytest.fail(too_little(verdict.report), pytrace=False)
    if result.verdict == "unsupported":
        raise pytest.skip.Exception(result.reason, _use_item_location=True)
