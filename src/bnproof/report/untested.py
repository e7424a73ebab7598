"""What was not tested and why: the properties of a target grouped by reason."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from bnproof.engine.wording.text import count, listed, some
from bnproof.report.lines import labelled, wrapped
from bnproof.report.target_report import Placed, Whole

NAMES = 4
"""Properties that are named for one reason."""


def reasons(found: Iterable[Placed]) -> dict[str, dict[str, list[str]]]:
    """The properties that were not tested somewhere, and the places, by reason."""
    made: dict[str, dict[str, list[str]]] = {}
    for each in found:
        if each.result.verdict == "unsupported":
            properties = made.setdefault(each.result.reason, {})
            properties.setdefault(each.result.property, []).append(each.place)
    return made


def untested_everywhere(whole: Whole) -> dict[str, list[str]]:
    """The properties that were tested nowhere, by reason; the first reason counts."""
    tested, seen = set(whole.tested), set[str]()
    made: dict[str, list[str]] = {}
    for reason, properties in reasons(whole.placed).items():
        for name in properties:
            if name not in tested and name not in seen:
                made.setdefault(reason, []).append(name)
                seen.add(name)
    return made


def untested_somewhere(whole: Whole) -> dict[tuple[str, str], list[str]]:
    """The properties that were tested elsewhere, by reason and the places where they were not."""
    tested = set(whole.tested)
    made: dict[tuple[str, str], list[str]] = {}
    for reason, properties in reasons(whole.placed).items():
        for name, places in properties.items():
            if name in tested:
                made.setdefault((reason, _short(places, whole)), []).append(name)
    return made


def _short(places: Sequence[str], whole: Whole) -> str:
    """Places in words; a dtype stands for all its variants."""
    variants: dict[str, set[str]] = {}
    for each in whole.placed:
        variants.setdefault(each.result.dtype, set()).add(each.place)
    whole_dtypes = [dtype for dtype, own in variants.items() if own <= set(places)]
    covered = {place for dtype in whole_dtypes for place in variants[dtype]}
    return listed([*whole_dtypes, *(place for place in places if place not in covered)])


def untested_lines(whole: Whole, most: int | None = None) -> list[Text]:
    """A line or two per reason; with more than ``most`` lines, counts instead of names."""
    groups = dict(untested_everywhere(whole))
    for (reason, places), names in untested_somewhere(whole).items():
        groups[f"{reason} (in {places})"] = names
    if whole.lines("excluded"):
        groups["excluded with --exclude"] = list(whole.lines("excluded"))
    named = labelled("not tested", [f"{why}: {some(ids, NAMES)}" for why, ids in groups.items()])
    if most is None or len(named) <= most:
        return named
    by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
    (why, ids), *rest = by_size
    texts = [f"{count(len(ids), 'property', 'properties')}: {why}"]
    texts += [f"{len(ids)}: {why}" for why, ids in rest]  # short, so that a reason fits a line
    return labelled("not tested", texts, most=most)


def untested_in_full(found: Sequence[Placed]) -> list[Text]:
    """Every property that was not tested, by reason, with the places where it was tested."""
    places = list(dict.fromkeys(each.place for each in found))
    made: list[Text] = []
    for reason, properties in reasons(found).items():
        names = [
            name if missing == places else f"{name} ({', '.join(missing)})"
            for name, missing in properties.items()
        ]
        head = f"not tested: {reason}: {count(len(names), 'property', 'properties')}"
        made += wrapped(head, "  ", "") + wrapped(", ".join(names), "  ")
    for text in made:
        text.stylize("dim")
    return made
