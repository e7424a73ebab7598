"""From a verdict to what a test says: the text of the terminal report, without a traceback."""

from bnproof.properties.result import Report, Result
from bnproof.report.failures import failures
from bnproof.report.lines import clipped, joined
from bnproof.testing.checks import Verdict
from bnproof.testing.known import FAILED


def text(*results: Result, full: bool = True) -> str:
    """The failures of some results, as ``bnproof check`` prints them."""
    return "\n".join(line.plain for line in joined(failures(results, full=full)))


def headline(verdict: Verdict) -> str:
    """What is wrong, in one line."""
    if verdict.result.violations:
        return clipped(verdict.result.violations[0].detail, 120)
    return too_little(verdict.report) if verdict.result.verdict != "known" else ""


def too_little(report: Report) -> str:
    """Why a check that found no failure is none that a reader can rely on, "" if it is.

    >>> too_little(Report("mine", cases={"float32": 3}, promised={"float32": 219}))
    'too little was checked: 3 of 219 cases in float32'
    """
    if report.exit_status != 4:
        return ""
    ran = [f"{report.cases.get(d, 0)} of {n} cases in {d}" for d, n in report.promised.items()]
    return f"too little was checked: {', '.join(ran) or 'no case'}"


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
