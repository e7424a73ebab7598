"""Files of known failures: TOML, one table per failure, each with its reason and its end."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from bnproof.engine.judging.counterexample import Counterexample
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import name_in
from bnproof.engine.model.tag import Tag
from bnproof.engine.wording.text import suggestion
from bnproof.store.cases import read_counterexample
from bnproof.store.fields import Fields, StoreError
from bnproof.store.folder import read_text
from bnproof.store.replay_file import PROPERTY_IDS
from bnproof.targets.text import Target, TargetError, parse

SCHEMA = 1
TABLE = "known"
FIELDS = (
    "property",
    "target",
    "variant",
    "dtype",
    "output",
    "reason",
    "link",
    "expires",
    "cases",
    "counterexample",
)
MOST_ENTRIES = 10_000
MOST_CASES = 100_000


@dataclass(frozen=True, eq=False)
class Entry:
    """One known failure, which the engine takes as `bnproof.engine.judging.accepted.Accepted`.

    Attributes:
        number: its place in the file, from 1.
        property, dtype, output: what is violated.
        target: as on the command line; a file is relative to the folder of this one.
        variant: name of the implementation, for a target that stands for several; "" for any.
        reason, link: for people.
        expires: the last day on which it is known.
        cases: names of further cases on which it was seen.
        counterexample: the pinned example, which has to go on failing.
    """

    number: int
    property: str
    target: str
    variant: str
    dtype: str
    output: str
    reason: str
    link: str
    expires: date
    cases: tuple[str, ...]
    counterexample: Counterexample

    @cached_property
    def explanation(self) -> str:
        """The reason, with the link and the end."""
        return explanation(self.reason, self.link, self.expires)

    @cached_property
    def seen_on(self) -> frozenset[str]:
        """The names of the pinned case and of the others on which it was seen."""
        return frozenset({self.counterexample.name, *self.cases})

    def covers(self, output: str, case: Case) -> bool:
        """Whether a violation of the property, in this output and case, is this failure.

        It is if the output is wrong in the pinned case or in one of the named cases.  Cases that
        the search finds have no lasting names: there it is if the case is not simpler than the
        pinned one.
        """
        if output != self.output:
            return False
        if Tag.SEARCHED in case.tags:
            return _size(case) >= _size(self.counterexample.case)
        return case.name in self.seen_on


def _size(case: Case) -> tuple[int, int]:
    """Values of x, and how many arguments are not C-ordered: what makes a case simple."""
    return case.x.size, len(case.layouts)


def explanation(reason: str, link: str, expires: date) -> str:
    """A reason in the words of reports.

    >>> explanation("waits for a release", "", date(2027, 1, 31))
    'waits for a release (until 2027-01-31)'
    """
    return f"{reason} ({f'{link}, ' if link else ''}until {expires})"


def read(path: Path) -> list[Entry]:
    """All entries of a file.

    Raises StoreError, in one line, for a file that is not of the form.
    """
    fields = Fields(parsed(read_text(path), path), str(path))
    if fields.whole("schema", 0, 2**31) != SCHEMA:
        raise fields.wrong("schema", f"{SCHEMA}, which is what this bnproof reads")
    fields.only(("schema", TABLE))
    numbers = iter(range(1, MOST_ENTRIES + 1))
    return list(fields.rows(TABLE, MOST_ENTRIES, lambda each: _entry(each, next(numbers))))


def parsed(text: str, path: Path) -> dict[str, Any]:
    """A text as TOML; StoreError if it is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise StoreError(f"{path} is nested too deeply to be read") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        said = " ".join(str(error).split())[:100]
        raise StoreError(f"{path} is truncated or no TOML: {said}") from None


def of_target(entries: Sequence[Entry], folder: Path, target: str) -> list[Entry]:
    """The entries about a target, which may name the same file in another way."""
    due = _place(target, Path())
    return [entry for entry in entries if _place(entry.target, folder) == due]


def _entry(fields: Fields, number: int) -> Entry:
    fields.only(FIELDS)
    name = fields.text("property")
    if name not in PROPERTY_IDS:
        hint = suggestion(name[:100], list(PROPERTY_IDS))
        raise fields.wrong("property", f"the id of a property{hint}")
    found = read_counterexample(fields.table("counterexample"))
    dtype = fields.dtype()
    if found.case.dtype != dtype:
        raise fields.wrong("dtype", f"that of the counterexample, {found.case.dtype}")
    return Entry(
        number=number,
        property=name,
        target=_target(fields),
        variant=fields.text("variant", ""),
        dtype=dtype,
        output=_output(fields),
        reason=_said(fields, "reason"),
        link=fields.text("link", ""),
        expires=_day(fields),
        cases=fields.texts("cases", MOST_CASES),
        counterexample=found,
    )


def _target(fields: Fields) -> str:
    try:
        return parse(fields.text("target")).text
    except TargetError as error:
        raise StoreError(f"{fields.where}: {str(error).splitlines()[0][:200]}") from None


def _output(fields: Fields) -> str:
    text = fields.text("output")
    if name_in(text) != text:
        raise fields.wrong("output", f"{name_in(text)!r}, whatever the call")
    return text


def _said(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not text.strip():
        raise fields.wrong(name, "what a reader should know")
    return text


def _day(fields: Fields) -> date:
    due = "a date as 2027-01-31"
    value = fields.get("expires", date, due)
    if isinstance(value, datetime):
        raise fields.wrong("expires", due)
    return value


def _place(text: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    target: Target = parse(text)
    place = str((folder / target.path).resolve()) if target.is_file else target.place
    return place, target.attributes
