"""The known failures of a report: what is accepted for a while, and why."""

from collections.abc import Sequence

from rich.text import Text

from bnproof.engine.model.result import Result
from bnproof.report.lines import labelled


def known_failures(results: Sequence[Result]) -> list[Text]:
    """Each reason once, with the properties and dtypes that it is given for."""
    made: list[Text] = []
    for reason, named in known_reasons(results).items():
        made += labelled("known", [reason, ", ".join(named)])
    return made


def known_reasons(results: Sequence[Result]) -> dict[str, list[str]]:
    """The properties and dtypes that each reason is given for."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.verdict == "known":
            label = f"{result.property} ({result.dtype})"
            reasons.setdefault(result.reason, []).append(label)
    return reasons
