"""Failures by cause: the root failures, what follows from them, the mistakes that explain them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bnproof.engine.model.calls import MODE_OF, is_double, is_judged
from bnproof.engine.model.names import OUTPUTS, Mode
from bnproof.engine.model.result import Cause
from bnproof.engine.model.verdict import FAILED
from bnproof.report.order import FIRST, FOLLOWING_FACTS, rank, root_of
from bnproof.report.target_report import Placed
from bnproof.report.violations import Failure

NAMED = 3
"""Causes that are named on one card."""


@dataclass
class Card:
    """Failures that have one cause, as far as the observations tell.

    Attributes:
        causes: the known mistakes that reproduce the root failures, the likeliest first.
        roots: failures that follow from no other, in the order of the properties.
        consequences: failures that follow from the roots.
    """

    causes: tuple[Cause, ...] = ()
    roots: list[Failure] = field(default_factory=list)
    consequences: list[Failure] = field(default_factory=list)

    @property
    def failures(self) -> list[Failure]:
        """The roots and then what follows from them."""
        return [*self.roots, *self.consequences]

    @property
    def further(self) -> list[str]:
        """The properties that fail for the same reason as the roots."""
        shown = {root.name for root in self.roots}
        names = [name for root in self.roots for name in root.properties]
        names += [name for c in self.consequences for name in (c.name, *c.properties)]
        return [name for name in dict.fromkeys(names) if name not in shown]

    @property
    def further_in_words(self) -> str:
        """How many further properties fail, and why as far as it is known; "" if none does."""
        number = len(self.further)
        if not number:
            return ""
        one_reason = self.causes or self.advised or len({root.name for root in self.roots}) == 1
        fail = "more property fails" if number == 1 else "more properties fail"
        return f"{number} {fail} {'for the same reason' if one_reason else 'as a consequence'}"

    @property
    def measured(self) -> bool:
        """Whether some number is wrong, so that a known mistake could give the same numbers."""
        return any(root.measured for root in self.roots)

    @property
    def advised(self) -> bool:
        """Whether all failures disappear under the advice: a declaration explains them."""
        return bool(self.failures) and all(failure.advised for failure in self.failures)

    @property
    def unexplained(self) -> bool:
        """Whether a number is wrong that neither a known mistake nor the advice explains."""
        return self.measured and not self.causes and not self.advised


def cards(found: Iterable[Placed], failures: Sequence[Failure]) -> list[Card]:
    """One card per cause; failures without a known cause share a card if they are measured.

    A crash, an exception or a changed input that no mistake reproduces has a card of its own for
    each property and case.  The cards are in the order of their first roots.
    """
    bad = [each for each in found if each.result.verdict in FAILED]
    roots = {id(failure): _roots(failure, bad) for failure in failures}
    made: dict[str, Card] = {}
    for failure in failures:
        if not roots[id(failure)]:
            card = made.setdefault(_key(failure), Card(causes_of(failure)))
            card.roots.append(failure)
            card.causes = tuple(c for c in card.causes if c in causes_of(failure)) or card.causes
    for failure in failures:
        if above := roots[id(failure)]:
            found_card = _card_of(above[0], made.values(), advised=failure.advised)
            card = found_card or made.setdefault("others", Card())
            card.consequences.append(failure)
    for card in made.values():
        card.roots.sort(key=lambda root: rank(root.name))  # stable: others keep their order
    return sorted(made.values(), key=_rank)


def _rank(card: Card) -> int:
    """The rank of the first root; a card with consequences only comes last."""
    return rank(card.roots[0].name) if card.roots else len(FIRST) + 1


def _roots(failure: Failure, bad: Sequence[Placed]) -> list[str]:
    """The properties that explain a failure in every place; empty if it is a root somewhere.

    What the advice explains never explains what it leaves, and the other way round.
    """
    if not failure.measured and (failure.is_event or failure.name not in FOLLOWING_FACTS):
        return []
    advised = {(each.result.property, each.place): each.result.advised for each in bad}
    failing: dict[str, set[str]] = {place: set() for _, place in failure.found_in}
    for name, place in failure.found_in:
        failing[place] |= {
            other
            for (other, where), same in advised.items()
            if where == place and same == advised[name, place]
        }
    output = failure.violation.name
    found = [root_of(name, output, failing[place]) for name, place in failure.found_in]
    is_root = any(root == name for root, (name, _) in zip(found, failure.found_in, strict=True))
    return [] if is_root else sorted(set(found))


def _key(failure: Failure) -> str:
    causes = causes_of(failure)
    if failure.advised:
        return "advised"
    if causes:
        return f"cause {causes[0].id}"
    if failure.measured:
        return "numbers"
    return f"event {failure.name} {failure.violation.case}"


def _card_of(property_id: str, made: Iterable[Card], *, advised: bool) -> Card | None:
    """The card that has a failure of a property among its roots."""
    return next(
        (
            card
            for card in made
            if card.advised is advised
            and any(property_id in (root.name, *root.properties) for root in card.roots)
        ),
        None,
    )


def causes_of(failure: Failure) -> tuple[Cause, ...]:
    """The known mistakes that reproduce a failure, the likeliest first.

    A mistake that says what it explains is a cause of that only; one of an older report is a cause
    of every failure of its dtype.
    """
    causes = failure.result.causes
    return tuple(cause for cause in causes if _explains(cause, failure))[:NAMED]


def _explains(cause: Cause, failure: Failure) -> bool:
    if not cause.explains:
        return True
    output = failure.violation.output
    if failure.is_event:
        event = failure.violation.event
        return any(each.of == event and each.what == output for each in cause.explains)
    what = failure.violation.name
    if what not in OUTPUTS:
        return True
    mode = _mode(failure.violation.of or "train")
    return any(
        each.what == what and (mode is None or _mode(each.of) == mode) for each in cause.explains
    )


def _mode(of: str) -> Mode | None:
    """The mode of a call of forward; None for what is no such call."""
    return MODE_OF[of] if is_judged(of) and not is_double(of) else None
