"""Known failures in a check: the pinned example of each entry is run, which shows stale ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.rerun import UNJUDGEABLE, alone, cannot_take, violation_in
from bnproof.engine.model.result import Violation
from bnproof.sandbox.sessions import AnySession

if TYPE_CHECKING:
    from bnproof.known_failures.file import Entry


class Stale(StrEnum):
    """What is wrong with an entry."""

    FIXED = "fixed"
    EXPIRED = "expired"
    MATCHES_NOTHING = "matches nothing"


@dataclass(frozen=True, eq=False)
class PinnedExample:
    """An entry, and what its pinned example showed.

    Attributes:
        stale: what is wrong with the entry, None where its example still fails.
        reason: why it matches nothing.
        violation: what was found, where it still fails.
    """

    entry: "Entry"
    stale: Stale | None = None
    reason: str = ""
    violation: Violation | None = None


def today() -> date:
    """The day, where the user is."""
    return datetime.now().astimezone().date()


def run_pinned(session: AnySession, entries: Sequence["Entry"], on: date) -> list[PinnedExample]:
    """Run the pinned example of each entry on the variant that is selected, in a new worker.

    An example that passes there is run once more in a worker of its own before that is believed.
    """
    if not entries:
        return []
    pinned: list[PinnedExample] = []
    with session.beside() as shared:
        for entry in entries:
            found = _expired(entry, on) or _run(shared, entry)
            if found.stale is Stale.FIXED:
                with session.beside() as own:
                    found = _run(own, entry)
            pinned.append(found)
    return pinned


def by_variant(
    entries: Sequence["Entry"], declarations: Sequence[Declaration]
) -> list[list["Entry"]]:
    """The entries of each variant; one that fits none is the first one's, where it is stale."""
    sorted_out: list[list[Entry]] = [[] for _ in declarations]
    for entry in entries:
        fitting = (n for n, d in enumerate(declarations) if not _cannot(d, entry))
        sorted_out[next(fitting, 0)].append(entry)
    return sorted_out


def live(pinned: Iterable[PinnedExample]) -> list["Entry"]:
    """The failures that are known."""
    return [found.entry for found in pinned if not found.stale]


def _expired(entry: "Entry", on: date) -> PinnedExample | None:
    if entry.expires >= on:
        return None
    return PinnedExample(entry, Stale.EXPIRED)


def _run(session: AnySession, entry: "Entry") -> PinnedExample:
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    (property_,) = chosen((entry.property,))
    declaration = session.declaration
    if reason := _cannot(declaration, entry) or property_.unsupported(declaration):
        return PinnedExample(entry, Stale.MATCHES_NOTHING, reason)
    try:
        result, records = alone(session, declaration, property_, entry.counterexample)
    except UNJUDGEABLE as error:
        said = f"{type(error).__name__}: {error}"[:100]
        reason = f"its example cannot be judged ({said})"
        return PinnedExample(entry, Stale.MATCHES_NOTHING, reason)
    same = violation_in(entry.output, property_, entry.counterexample, records)
    if same is not None:
        return PinnedExample(entry, violation=same)
    if not result.examples:
        reason = "the property is not judged on its example"
        return PinnedExample(entry, Stale.MATCHES_NOTHING, reason)
    return PinnedExample(entry, Stale.FIXED)


def _cannot(declaration: Declaration, entry: "Entry") -> str:
    """Why the example cannot be given to the implementation."""
    if entry.variant not in ("", declaration.name):
        return f"the target has no variant {entry.variant!r}"
    return cannot_take(declaration, entry.counterexample.case)
