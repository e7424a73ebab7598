"""What is said of all checks at the end of a run, from what their reports keep of verdicts."""

from typing import Any

KEPT = "bnproof."
"""How the properties of a test report begin that `bnproof.pytest_plugin.reports` adds."""


def accuracy_found(terminalreporter: Any) -> list[str]:
    """A line for each implementation and dtype that was checked: how accurate it was found."""
    found: dict[str, str] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            kept = dict(getattr(report, "user_properties", ()))
            if kept.get(KEPT + "accuracy"):
                who = f"{kept[KEPT + 'target']}, {kept[KEPT + 'dtype']}"
                found[who] = kept[KEPT + "accuracy"]
    return [f"{who}: {accuracy}" for who, accuracy in sorted(found.items())]
