"""Known failures in a check: each pinned example is run, and an entry that is stale is an error."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.rerun import cannot_take
from bnproof.engine.model.result import ENTRY, Result, Violation
from bnproof.known_failures.known import Known
from bnproof.sandbox.session import HarnessError
from bnproof.sandbox.sessions import AnySession

if TYPE_CHECKING:
    from bnproof.known_failures.file import Entry


FIXED = "fixed"


@dataclass(frozen=True, eq=False)
class Pinned:
    """An entry, and what its pinned example showed.

    Attributes:
        stale: what is wrong with the entry, "" where it still fails.
        violation: what was found, where it still fails.
    """

    entry: "Entry"
    stale: str = ""
    violation: Violation | None = None


def today() -> date:
    """The day, where the user is."""
    return datetime.now().astimezone().date()


def run_pinned(session: AnySession, entries: Sequence["Entry"], on: date) -> list[Pinned]:
    """Run the pinned example of each entry on the variant that is selected, in a new worker.

    An example that passes there is run once more in a worker of its own before that is believed.
    """
    if not entries:
        return []
    pinned: list[Pinned] = []
    with session.beside() as shared:
        for entry in entries:
            found = _expired(entry, on) or _run(shared, entry)
            if found.stale == FIXED:
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


def live(pinned: Iterable[Pinned]) -> list[Known]:
    """The failures that are known."""
    return [found.entry.known() for found in pinned if not found.stale]


def with_known(
    results: Sequence[Result], pinned: Sequence[Pinned], path: Path | None
) -> list[Result]:
    """The results, where an example still fails known at best, and where an entry is stale failed.

    An entry about a property that was not judged has a result of its own.
    """
    settled = list(results)
    for found in pinned:
        entry = found.entry
        place = _place(settled, entry)
        if place is None:
            settled.append(_of_no_result(entry))
            place = len(settled) - 1
        settled[place] = _settled(settled[place], found, path)
    return settled


def _expired(entry: "Entry", on: date) -> Pinned | None:
    if entry.expires >= on:
        return None
    return Pinned(entry, f"expired on {entry.expires}")


def _run(session: AnySession, entry: "Entry") -> Pinned:
    from bnproof.engine.judging.rerun import alone  # noqa: PLC0415  # costs time that not everybody needs
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    (property_,) = chosen((entry.property,))
    declaration = session.declaration
    if reason := _cannot(declaration, entry) or property_.unsupported(declaration):
        return Pinned(entry, f"matches nothing, as {reason}")
    try:
        result, _ = alone(session, declaration, property_, entry.counterexample)
    except HarnessError:
        raise
    except Exception as error:  # noqa: BLE001  # a file may hold what no portfolio does
        said = f"{type(error).__name__}: {error}"[:100]
        return Pinned(entry, f"matches nothing, as its example cannot be judged ({said})")
    same = [v for v in result.violations if v.name == entry.output]
    if same:
        return Pinned(entry, violation=same[0])
    if not result.examples:
        return Pinned(entry, "matches nothing, as the property is not judged on its example")
    return Pinned(entry, FIXED)


def _cannot(declaration: Declaration, entry: "Entry") -> str:
    """Why the example cannot be given to the implementation."""
    if entry.variant not in ("", declaration.name):
        return f"the target has no variant {entry.variant!r}"
    return cannot_take(declaration, entry.counterexample.case)


def _place(results: Sequence[Result], entry: "Entry") -> int | None:
    keys = [(result.property, result.dtype) for result in results]
    key = entry.property, entry.dtype
    return keys.index(key) if key in keys else None


def _settled(result: Result, found: Pinned, path: Path | None) -> Result:
    if found.stale:
        verdict = result.verdict if result.verdict in ("crashed", "timed-out") else "fail"
        violations = (_stale(found, path), *result.violations)
        if result.verdict == "known":
            violations, further = violations[:1], 0
        else:
            further = result.further
        return replace(result, verdict=verdict, reason="", violations=violations, further=further)
    if result.verdict in ("pass", "unsupported"):  # the cases of this run do not show it
        assert found.violation is not None  # noqa: S101  # it is not stale
        return replace(
            result, verdict="known", reason=found.entry.told(), violations=(found.violation,)
        )
    return result


def _stale(found: Pinned, path: Path | None) -> Violation:
    entry = found.entry
    file = "the file" if path is None else path.name
    advice = "renew or" if found.stale.startswith("expired") else ""
    return Violation(
        case=entry.counterexample.case.describe(),
        case_name=entry.counterexample.name,
        output=ENTRY,
        detail=f"{found.stale}: {advice} remove this entry from {file}".replace("  ", " "),
    )


def _of_no_result(entry: "Entry") -> Result:
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    (property_,) = chosen((entry.property,))
    return Result(property_.id, property_.statement, property_.theorem, entry.dtype, "pass")
