"""How accurate a target is, in one line per dtype."""

from collections.abc import Iterator

from rich.text import Text

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.result import Accuracy
from bnproof.report.lines import labelled, ratio
from bnproof.report.sum_findings import findings
from bnproof.report.target_report import Whole


def accuracy_lines(whole: Whole) -> list[Text]:
    """One line per dtype: the class found, the declared class and the worst error/bound."""
    told = [f"{dtype:9} {_in_words(each)}" for dtype, each in _weakest(whole)]
    return labelled("accuracy", told) + labelled("finding", _findings(whole))


def _findings(whole: Whole) -> list[str]:
    """Each finding on sums once, with its dtype."""
    told = (
        f"{dtype}: {finding}"
        for report in whole.reports
        for dtype, accuracy in report.accuracy.items()
        for finding in findings(accuracy)
    )
    return list(dict.fromkeys(told))


def _weakest(whole: Whole) -> Iterator[tuple[str, Accuracy]]:
    """The variant with the weakest class in each dtype; of equal ones the one nearest its bound."""
    by_dtype: dict[str, list[Accuracy]] = {}
    for report in whole.reports:
        for dtype, accuracy in report.accuracy.items():
            by_dtype.setdefault(dtype, []).append(accuracy)
    for dtype, found in by_dtype.items():
        yield dtype, max(found, key=lambda each: (_weakness(each), each.worst_ratio))


def _weakness(accuracy: Accuracy) -> int:
    """The rank of the class that was found; what no class explains comes last."""
    return CLASSES.index(accuracy.found) if accuracy.found in CLASSES else len(CLASSES)


def _in_words(accuracy: Accuracy) -> str:
    if not accuracy.worst_output:
        return "not measured"
    found = accuracy.found or "no accuracy class explains it"
    declared = f" (declared: {accuracy.declared})" if accuracy.found != accuracy.declared else ""
    return f"{found}{declared}, worst error/bound {ratio(accuracy.worst_ratio)}"
