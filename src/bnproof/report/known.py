"""The known failures of a report: what is accepted for a while, and why."""

from collections.abc import Sequence

from rich.text import Text

from bnproof.properties.result import Result
from bnproof.report.lines import STYLES, wrapped


def known_failures(results: Sequence[Result]) -> list[Text]:
    """Each reason once, with the properties and dtypes that it is given for."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.verdict == "known":
            label = f"{result.property} ({result.dtype})"
            reasons.setdefault(result.reason, []).append(label)
    made: list[Text] = []
    for reason, named in reasons.items():
        made += _headed(reason)
        made += wrapped(", ".join(named), "            ")
    return made


def _headed(reason: str) -> list[Text]:
    made = wrapped(reason, "            ", "known       ")
    made[0].stylize(STYLES["known"], 0, len("known"))
    return made
