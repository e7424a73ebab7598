"""Reading a file that anybody may have written: each field is of the due kind, or StoreError."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from bnproof.engine.model.formats import FORMATS

Kind = TypeVar("Kind")
LONGEST = 2000  # characters of a text
SHOWN = 60  # characters of a wrong value that an error quotes

T = TypeVar("T", bound=str)


class StoreError(Exception):
    """A file of counterexamples cannot be read; the message has one line for the user."""


class Fields:
    """A table of a file, and where it stands, for errors.

    >>> Fields({"eps": 1}, "case").text("eps")
    Traceback (most recent call last):
    bnproof.store.fields.StoreError: case: eps is 1; due is a text
    """

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, Mapping):
            raise StoreError(f"{where}: {_shown(table)} is no table")
        self._table, self.where = table, where

    def only(self, names: Iterable[str]) -> None:
        """Refuse fields that are none of these."""
        known = list(names)
        for name in self._table:
            if name not in known:
                due = ", ".join(known)
                raise StoreError(f"{self.where}: unknown field {_shown(name)}; there are {due}")

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def get(self, name: str, kind: type[Kind], due: str) -> Kind:
        """A field of a type; bool is no int."""
        if name not in self._table:
            raise StoreError(f"{self.where}: {name} is missing; due is {due}")
        value = self._table[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(name, due)
        return value

    def wrong(self, name: str, due: str) -> StoreError:
        """The error of a field that is not what is due."""
        return StoreError(f"{self.where}: {name} is {_shown(self._table[name])}; due is {due}")

    def text(self, name: str, default: str | None = None) -> str:
        """One line of text."""
        if default is not None and name not in self._table:
            return default
        value = self.get(name, str, "a text")
        if len(value) > LONGEST or not value.isprintable():
            raise self.wrong(name, f"one line of at most {LONGEST} printable characters")
        return value

    def one_of(self, name: str, choices: Iterable[T]) -> T:
        """One of some texts."""
        value = self.text(name)
        known = list(choices)
        for each in known:
            if each == value:
                return each
        raise self.wrong(
            name,
            f"one of {', '.join(known)}" if len(known) < 20 else "a value that this version knows",
        )

    def dtype(self, name: str = "dtype") -> str:
        """The name of one of the four formats."""
        return self.one_of(name, FORMATS)

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number in a range, ends included."""
        if default is not None and name not in self._table:
            return default
        due = f"a whole number from {low} to {high}"
        value = self.get(name, int, due)
        if not low <= value <= high:
            raise self.wrong(name, due)
        return value

    def real(self, name: str) -> float:
        """A finite number, written in hexadecimal, as 0x1.8p-3."""
        due = "a finite number as 0x1.8p-3"
        try:
            value = float.fromhex(self.get(name, str, due))
        except (ValueError, OverflowError):
            raise self.wrong(name, due) from None
        if not math.isfinite(value):
            raise self.wrong(name, due)
        return value

    def table(self, name: str) -> "Fields":
        """A table inside."""
        return Fields(self.get(name, dict, "a table"), f"{self.where}, {name}")

    def rows(self, name: str, limit: int, read: Callable[["Fields"], Kind]) -> tuple[Kind, ...]:
        """The tables of a list, each read; none where the field is missing."""
        if name not in self._table:
            return ()
        held = self.get(name, list, "a list of tables")
        if len(held) > limit:
            raise StoreError(
                f"{self.where}: {name} has {len(held)} tables; due are at most {limit}"
            )
        return tuple(
            read(Fields(each, f"{self.where}, {name} {number}"))
            for number, each in enumerate(held, start=1)
        )

    def texts(self, name: str, limit: int) -> tuple[str, ...]:
        """A list of texts, each one line; empty where the field is missing."""
        if name not in self._table:
            return ()
        held = self.get(name, list, "a list of texts")
        due = f"a list of at most {limit} texts"
        if len(held) > limit:
            raise self.wrong(name, due)
        return tuple(Fields({name: each}, self.where).text(name) for each in held)

    def each_of(self, name: str, limit: int, choices: Iterable[T]) -> tuple[T, ...]:
        """A list of some texts; empty where the field is missing."""
        known = list(choices)
        texts = self.texts(name, limit)
        return tuple(Fields({name: text}, self.where).one_of(name, known) for text in texts)

    def raw(self) -> Mapping[str, Any]:
        """The table as it was read, for what has checks of its own."""
        return self._table

    def names(self) -> list[str]:
        """The names of all fields, as text."""
        return [str(name) for name in self._table]


def _shown(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        return f"a {'table' if isinstance(value, Mapping) else 'list'} of {len(value)}"
    try:
        text = ascii(value)
    except ValueError:  # a whole number of thousands of digits
        text = "a huge number"
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
