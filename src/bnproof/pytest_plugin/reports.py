"""What a test report says and keeps of a verdict."""

import pytest

from bnproof.engine.model.result import Accuracy
from bnproof.pytest_plugin.accuracy_summary import KEPT
from bnproof.report.lines import ratio
from bnproof.testing.outcome import headline
from bnproof.testing.planned_checks import Verdict


def kept(verdict: Verdict) -> list[tuple[str, object]]:
    """The verdict as properties of a test, which JUnit XML shows too."""
    result, report = verdict.result, verdict.report
    told = {
        "target": report.target,
        "dtype": verdict.planned.id.partition("[")[2].removesuffix("]"),
        "verdict": result.verdict,
        "theorem": result.theorem,
        "cases": str(result.examples),
        "error/bound": ratio(result.worst_ratio),
        "accuracy": _accuracy(report.accuracy.get(result.dtype)),
    }
    return [(KEPT + name, value) for name, value in told.items()]


def shorten(report: pytest.TestReport, item: pytest.Item, verdict: Verdict) -> None:
    """Have a failure say in one line what is wrong, and name the test and no line of ours."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.failed and crash is not None:
        path, line, _ = item.reportinfo()
        crash.path, crash.lineno, crash.message = str(path), (line or 0) + 1, headline(verdict)


def _accuracy(accuracy: Accuracy | None) -> str:
    if accuracy is None or not accuracy.worst_output:
        return ""
    found = accuracy.found or "no class explains it"
    known = "as declared" if found == accuracy.declared else f"declared: {accuracy.declared}"
    return f"{found} ({known}), worst error/bound {ratio(accuracy.worst_ratio)}"
