"""What a test report keeps of a verdict, and what is said of all of them at the end."""

from typing import Any

import pytest

from bnproof.properties.result import Accuracy
from bnproof.report.lines import ratio
from bnproof.testing.checks import Verdict
from bnproof.testing.outcome import headline

KEPT = "bnproof."


def tell(report: pytest.TestReport, verdict: Verdict) -> None:
    """Shorten the message of a failure to a line; keep the verdict, which JUnit XML shows too."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        crash.message = headline(verdict)
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


def summary(terminalreporter: Any) -> None:
    """A line for each implementation and dtype that was checked: how accurate it was found."""
    found: dict[str, str] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            kept = dict(getattr(report, "user_properties", ()))
            if kept.get(KEPT + "accuracy"):
                who = f"{kept[KEPT + 'target']}, {kept[KEPT + 'dtype']}"
                found[who] = kept[KEPT + "accuracy"]
    if found:
        terminalreporter.write_sep("=", "accuracy found by bnproof")
        for who, accuracy in sorted(found.items()):
            terminalreporter.write_line(f"{who}: {accuracy}")


def _accuracy(accuracy: Accuracy | None) -> str:
    if accuracy is None or not accuracy.worst_output:
        return ""
    found = accuracy.found or "no class explains it"
    known = "as declared" if found == accuracy.declared else f"declared: {accuracy.declared}"
    return f"{found} ({known}), worst error/bound {ratio(accuracy.worst_ratio)}"
