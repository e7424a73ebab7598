"""What a test report says and keeps of a verdict."""

import pytest

from bnproof.properties.result import Accuracy
from bnproof.pytest_plugin.summary import KEPT
from bnproof.report.lines import ratio
from bnproof.testing.checks import Verdict
from bnproof.testing.outcome import headline


def tell(item: pytest.Item, report: pytest.TestReport, verdict: Verdict) -> None:
    """Say in one line what failed, and where; keep the verdict, which JUnit XML shows too."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.failed and crash is not None:
        path, line, _ = item.reportinfo()
        crash.path, crash.lineno, crash.message = str(path), (line or 0) + 1, headline(verdict)
    result = verdict.result
    kept = {
        "target": verdict.report.target,
        "dtype": verdict.planned.id.partition("[")[2].removesuffix("]"),
        "verdict": result.verdict,
        "theorem": result.theorem,
        "cases": str(result.examples),
        "error/bound": ratio(result.worst_ratio),
        "accuracy": _accuracy(verdict.report.accuracy.get(result.dtype)),
    }
    report.user_properties += [(KEPT + name, value) for name, value in kept.items()]


def _accuracy(accuracy: Accuracy | None) -> str:
    if accuracy is None or not accuracy.worst_output:
        return ""
    found = accuracy.found or "no class explains it"
    known = "as declared" if found == accuracy.declared else f"declared: {accuracy.declared}"
    return f"{found} ({known}), worst error/bound {ratio(accuracy.worst_ratio)}"
