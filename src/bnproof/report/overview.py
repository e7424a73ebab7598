"""A report at a glance: what a reader needs, in the order in which it is needed.

A target that conforms fits in fewer than 25 lines, and one that does not in fewer than 60:

1. the verdict for all dtypes and variants;
2. what the target was recognised as, since every later line depends on it;
3. what was not identified, with what to declare;
4. flags under which failures would disappear: a difference in convention is not a bug;
5. failures by cause: the root failures with the smallest case, one cause, what else fails for the
   same reason, and how to reproduce it; then known failures;
6. how many properties hold in each family, the accuracy per dtype, how much was checked;
7. what was not tested and why, and notes;
8. the verdict again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.text import Text

from bnproof.engine.model.result import Report
from bnproof.engine.wording.text import clipped, count, listed
from bnproof.report.accuracy_lines import accuracy_lines
from bnproof.report.cards import Card, cards
from bnproof.report.failures import block, further_properties, in_one_line, likely_causes
from bnproof.report.families import families, family_lines
from bnproof.report.judgement import Standing, judgement
from bnproof.report.known_failures import known_failures
from bnproof.report.lines import LABEL, cut, joined, labelled, line, wrapped
from bnproof.report.summary import verdict_line
from bnproof.report.target_report import Whole
from bnproof.report.untested import untested_lines
from bnproof.report.violations import Failure, about_entries, gather

PASSING_LINES, FAILING_LINES = 24, 59
"""The most lines of a report without and with failures."""

MODULE = "module/"
"""How the ids of properties begin that no script can show, since it makes calls alone."""

MOST_KNOWN = 3
"""The most lines on known failures."""

RECOGNISED = 5
"""The most lines on what the target was recognised as."""


@dataclass(frozen=True)
class Room:
    """How much of a failing report is shown.

    Attributes:
        lines: lines of each block of advice, of recognition and of what was not identified.
        elements: elements of the first failure and of each further one.
        roots: root failures in a block of their own, on all cards.
        cards: cards with their causes; the failures of the others have a line each.
        singles: failures in a line each.
    """

    lines: int
    elements: tuple[int, int]
    roots: int
    cards: int
    singles: int


ROOMS = (
    Room(lines=6, elements=(8, 4), roots=3, cards=3, singles=8),
    Room(lines=6, elements=(8, 3), roots=2, cards=2, singles=8),
    Room(lines=4, elements=(8, 0), roots=2, cards=2, singles=6),
    Room(lines=4, elements=(8, 0), roots=1, cards=1, singles=5),
    Room(lines=3, elements=(4, 0), roots=1, cards=1, singles=3),
)
"""From generous to tight; the first that fits is taken."""


def overview(reports: Sequence[Report]) -> list[Text]:
    """The lines of a report on all variants of a target."""
    whole = Whole(tuple(reports))
    if whole.failing:
        for room in ROOMS:
            made = _failing(whole, room)
            if len(made) <= FAILING_LINES:
                return made
        return made
    return _passing(whole)


def _passing(whole: Whole) -> list[Text]:
    """A report without a failure; notes and what was not tested take the lines that are left."""
    conforms = judgement(whole.reports).standing is Standing.CONFORMS
    limit = PASSING_LINES if conforms else FAILING_LINES
    fixed = [
        [verdict_line(whole.reports)],
        _recognised(whole, RECOGNISED),
        labelled("declare", whole.lines("incomplete"), most=limit // 2),
        _known(whole),
        [*family_lines(whole), *accuracy_lines(whole), *_checked(whole)],
    ]
    last = [verdict_line(whole.reports)]
    free = limit - len(joined([*fixed, last])) - 1
    notes = labelled("note", whole.lines("notes"), most=max(1, min(4, free // 2)))
    untested = untested_lines(whole, max(1, free - len(notes)))
    return joined([*fixed, [*untested, *notes], last])


def _failing(whole: Whole, room: Room) -> list[Text]:
    failures = gather(whole.placed)
    return joined(
        [
            [verdict_line(whole.reports)],
            _recognised(whole, min(RECOGNISED, room.lines)),
            labelled("declare", whole.lines("incomplete"), most=room.lines),
            _advice(whole, room.lines),
            *_cards(whole, failures, room),
            _reproduce(failures),
            _known(whole),
            [*_rest(whole, room.lines), *_checked(whole)],
            [verdict_line(whole.reports)],
        ]
    )


def _recognised(whole: Whole, most: int) -> list[Text]:
    """What the target was recognised as; its name and version where nothing else is known."""
    first = whole.reports[0]
    named = f"{first.name} {first.version}".strip()
    own = [named] if named and named != whole.target else []
    return labelled("recognised", whole.lines("recognised") or own, most=most)


def _advice(whole: Whole, most: int) -> list[Text]:
    advice = whole.lines("advice")
    if not advice:
        return []
    some = "All" if whole.advised else "Some"
    head = f"{some} failures disappear with:"
    if whole.difference == "convention":
        head = f"a difference in convention is not a bug. {head}"
    made = [text for each in advice for text in wrapped(each, "    ", "  ")]
    return [line((f"Advice: {head}", "bold yellow")), *cut(made, most, "  ")]


def _cards(whole: Whole, failures: list[Failure], room: Room) -> list[list[Text]]:
    """Blocks of root failures, each card's cause and what follows; a line for each of the rest."""
    made: list[list[Text]] = []
    if about_entries(failures):
        return [block(failure) for failure in failures[: room.roots]]
    found = cards(whole.placed, failures)
    left, rest = room.roots, list[list[list[Failure]]]()
    for number, card in enumerate(found):
        by_property = _by_property(card)
        shown = by_property[: max(left, 0)] if number < room.cards else []
        left -= len(shown)
        rest.append(by_property[len(shown) :])
        for root, *others in shown:
            brief = bool(made)
            elements = room.elements[brief]
            made.append(block(root, others, elements=elements, brief=brief, breaks=False))
        if shown:
            made += [likely_causes(card), further_properties(card)]
    # a line for each card without a block comes before the further roots of the others
    in_turn = [group for groups in zip_longest(*rest) for group in groups if group]
    return [*made, _singles(in_turn, room.singles)]


def _by_property(card: Card) -> list[list[Failure]]:
    """The root failures of each property: one per output that is wrong."""
    found: dict[str, list[Failure]] = {}
    for root in card.roots:
        found.setdefault(root.name, []).append(root)
    return list(found.values())


def _singles(groups: list[list[Failure]], most: int) -> list[Text]:
    """A line for each property, and for how many more fail."""
    if not groups:
        return []
    shown = groups if len(groups) <= most else groups[: most - 1]
    made = [line(("also", "bold")), *(in_one_line(*failures) for failures in shown)]
    if len(groups) > len(shown):
        made.append(Text(f"  {count(len(groups) - len(shown), 'more failure')}: --verbose"))
    return made


def _reproduce(failures: Sequence[Failure]) -> list[Text]:
    replay = next((f.violation.replay for f in failures if f.violation.replay), "")
    if not replay:
        return []
    texts = [f"bnproof replay {replay}"]
    calls = (f.violation.replay for f in failures if not f.result.property.startswith(MODULE))
    if script := next(filter(None, calls), ""):
        texts.append(f"bnproof replay {script} --script bug.py")
    return labelled("reproduce", texts)


def _rest(whole: Whole, most: int) -> list[Text]:
    """What holds and what was not tested, the latter in at most so many lines."""
    tested = [(family, family.total - family.untested) for family in families(whole)]
    counts = [f"{family.name} {family.holding} of {total}" for family, total in tested if total]
    made = labelled("holds", [", ".join(counts)])
    made += untested_lines(whole, most)
    return [*made, *labelled("note", [clipped(n, 160) for n in whole.lines("notes")], most=3)]


def _known(whole: Whole) -> list[Text]:
    return cut(known_failures([each.result for each in whole.placed]), MOST_KNOWN, " " * LABEL)


def _checked(whole: Whole) -> list[Text]:
    """How much was checked and how long it took."""
    tested = count(len(whole.tested), "property", "properties")
    where = f" in {listed(whole.dtypes)}" if whole.dtypes else ""
    seed = whole.reports[0].seed
    ran = f"{count(whole.cases, 'case')}, seed {seed}, {whole.seconds:.1f} s"
    return labelled("checked", [f"{tested}{where}, {ran}"])
