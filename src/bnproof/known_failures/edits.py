"""Writing entries of known failures; comments and all other entries stay as they are."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from bnproof.engine.judging.counterexample import Failing
from bnproof.known_failures.file import SCHEMA, TABLE, Entry, read
from bnproof.store.cases import counterexample_table
from bnproof.store.fields import StoreError
from bnproof.store.folder import read_text, write_whole
from bnproof.targets.text import parse

HEAD = """Failures that are known, written by bnproof check --update-known.
An entry is an error once its counterexample passes, or after the day on which it expires."""


@dataclass(frozen=True)
class Why:
    """What is said of entries that are written.

    Attributes:
        reason, link: for people; link may be "".
        expires: the last day on which the failures are known.
    """

    reason: str
    link: str
    expires: date


def update(
    path: Path,
    target: str,
    added: Sequence[tuple[str, Failing]],
    removed: Sequence[Entry],
    why: Why,
) -> None:
    """Add failures to a file, with the variant that each is of, and take entries out of it.

    A file that is not there is made.  It is replaced as a whole, once what is to be written was
    read again.  Raises StoreError for a file that is not of the form or cannot be written.
    """
    if not path.exists():
        document = tomlkit.document()
        for line in HEAD.splitlines():
            document.add(tomlkit.comment(line))
        document.add("schema", tomlkit.item(SCHEMA))
        document.add(tomlkit.nl())
    else:
        read(path)  # refuses what is not of the form, before anything is touched
        document = tomlkit.parse(read_text(path))
    held = document.get(TABLE)
    if not isinstance(held, AoT):
        held = tomlkit.aot()
        document[TABLE] = held
    for entry in sorted(removed, key=lambda entry: -entry.number):
        del held[entry.number - 1]
    written = _written(target, path.parent)
    for variant, failing in added:
        held.append(_table(written, variant, failing, why))
    if not held:
        del document[TABLE]
    try:
        write_whole(path, tomlkit.dumps(document))
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from None


def _written(target: str, folder: Path) -> str:
    """A target with its file relative to the folder of the file of known failures."""
    parsed = parse(target)
    if not parsed.is_file:
        return target
    relative = os.path.relpath(parsed.path.resolve(), folder.resolve())
    return parsed.at(Path(relative).as_posix())


def _table(target: str, variant: str, failing: Failing, why: Why) -> Table:
    made = tomlkit.table()
    fields: dict[str, Any] = {
        "property": failing.property,
        "target": target,
        "variant": variant,
        "dtype": failing.dtype,
        "output": failing.output,
        "reason": why.reason,
        "link": why.link,
        "expires": why.expires,
        "cases": sorted(set(failing.cases) - {failing.counterexample.name}),
        "counterexample": counterexample_table(failing.counterexample),
    }
    for name, value in fields.items():
        if value not in ("", []):
            made.add(name, _item(value))
    return made


def _item(value: Any) -> Any:
    made = tomlkit.item(value)
    if isinstance(value, list) and value and isinstance(value[0], str):
        made.multiline(multiline=True)
    return made
