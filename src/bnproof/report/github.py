"""A report as annotations of GitHub Actions: workflow commands that mark lines of a repository."""

from collections.abc import Iterator, Mapping, Sequence

from bnproof.engine.model.result import Report
from bnproof.engine.wording.text import clipped, some
from bnproof.report.cards import Card, cards
from bnproof.report.judgement import Standing, judgement
from bnproof.report.target_report import Whole
from bnproof.report.violations import gather

MOST = 9
"""Errors per target; GitHub shows ten of each kind in a step."""

COMMANDS = {
    Standing.CONFORMS: "notice",
    Standing.INCOMPLETE: "warning",
    Standing.INTERRUPTED: "warning",
}
"""The kind of annotation by verdict; any other is an error."""


def annotations(reports: Sequence[Report], place: Mapping[str, str]) -> Iterator[str]:
    """The workflow commands on one target: the verdict, and an error for each cause of failures.

    ``place`` has the file and the line where the target is defined, as far as they are known.

    >>> told = {"error": "bn.py:BN cannot be used: no method", "error_reason": "no method"}
    >>> report = Report("bn.py:BN", **told)
    >>> list(annotations([report], {"file": "bn.py", "line": "3"}))
    ['::error file=bn.py,line=3,title=bnproof::bn.py:BN cannot be used: no method']
    """
    whole, verdict = Whole(tuple(reports)), judgement(reports)
    details = [*whole.lines("incomplete"), *whole.lines("advice")]
    message = "\n".join([verdict.of(whole.target), *details])
    kind = COMMANDS.get(verdict.standing, "error")
    yield command(kind, message, **place, title="bnproof")
    found = cards(whole.placed, gather(whole.placed))
    for card in found[:MOST]:
        yield command("error", _message(card), **place, title=f"bnproof: {_title(card)}")


def command(kind: str, message: str, **properties: str) -> str:
    r"""A workflow command, with what would end it or its properties escaped.

    >>> command("error", "50 % of\na", file="a,b:c.py", title="t")
    '::error file=a%2Cb%3Ac.py,title=t::50 %25 of%0Aa'
    """
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind}{' ' if given else ''}{given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _title(card: Card) -> str:
    return some(list(dict.fromkeys(root.name for root in card.roots)), 3) or "failures"


def _message(card: Card) -> str:
    lines = []
    for root in card.roots[:3]:
        lines.append(f"{root.name}, {', '.join(root.places)}: {root.violation.detail}")
        lines.append(f"case: {root.violation.case}")
    for cause in card.causes[:1]:
        lines += [f"Likely cause: {cause.mistake}", f"Repair: {cause.repair}"]
    if card.further:
        lines.append(f"{card.further_in_words}: {some(card.further)}")
    replay = next((root.violation.replay for root in card.roots if root.violation.replay), "")
    lines += [f"bnproof replay {replay}"] if replay else []
    return "\n".join(clipped(line, 400) for line in lines)
