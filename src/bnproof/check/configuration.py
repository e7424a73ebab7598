"""What pyproject.toml says about checks, in its table ``[tool.bnproof]``."""

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bnproof.engine.wording.text import suggestion
from bnproof.targets.declarations import DeclarationError, attribute, outside_of, part
from bnproof.targets.outside import Outside

FILE = "pyproject.toml"
KNOWN_FAILURES = "known-failures"
TARGETS = "targets"
KEYS = (KNOWN_FAILURES, TARGETS)
WITHOUT, IDENTIFY = "without", "identify"


class ConfigurationError(Exception):
    """The table is not of the form; the message has one line for the user."""


def known_failures(start: Path | None = None) -> Path | None:
    """The file of known failures that the nearest pyproject.toml names, from a folder upwards.

    It is relative to that pyproject.toml; None if there is none, or it names none.  Raises
    ConfigurationError for a table that is not of the form.
    """
    path = _nearest(start)
    named = None if path is None else _table(path).get(KNOWN_FAILURES)
    return None if path is None or named is None else path.parent / named


def outside_for(target: str, given: Outside, start: Path | None = None) -> Outside:
    """What is declared from outside of a target: in pyproject.toml, and by ``given``, which wins.

    The tables are ``[tool.bnproof.targets."TARGET"]``, where TARGET is the target as it is written
    or a pattern of it, as ``"torch.nn:*"``; the exact text wins over patterns.  Raises
    ConfigurationError for a table that is not of the form.
    """
    path = _nearest(start)
    tables = {} if path is None else _table(path).get(TARGETS, {})
    found = Outside()
    for pattern, table in _matching(target, tables):
        found = merged(found, _outside(table, f'{path}: [tool.bnproof.targets."{pattern}"]'))
    return merged(found, given)


def merged(first: Outside, second: Outside) -> Outside:
    """Two declarations of one target; the second wins where both say something.

    >>> merged(Outside({"cumulative": True}), Outside({"cumulative": False})).declared
    {'cumulative': False}
    """
    return Outside(
        {**first.declared, **second.declared},
        tuple(dict.fromkeys((*first.without, *second.without))),
        first.identify or second.identify,
    )


def asked_for(
    target: str,
    declare: Iterable[str] | Mapping[str, Any] = (),
    without: Iterable[str] = (),
    *,
    identify: bool = False,
) -> Outside:
    """The declarations of a command or a test, with those of pyproject.toml.

    Raises DeclarationError and ConfigurationError.
    """
    return outside_for(target, outside_of(declare, without, identify=identify))


def _matching(target: str, tables: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    patterns = [name for name in tables if name != target and fnmatchcase(target, name)]
    return [(name, tables[name]) for name in (*patterns, *([target] if target in tables else []))]


def _outside(table: Mapping[str, Any], where: str) -> Outside:
    try:
        declared = {
            name: attribute(name, value, where)
            for name, value in table.items()
            if name not in (WITHOUT, IDENTIFY)
        }
        named = table.get(WITHOUT, [])
        names = [named] if isinstance(named, str) else named
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigurationError(f'{where}: expected without = ["PART"], got {named!r}')
        parts = tuple(part(name, f"{where} without") for name in names)
    except DeclarationError as error:
        raise ConfigurationError(str(error)) from None
    identify = table.get(IDENTIFY, False)
    if not isinstance(identify, bool):
        raise ConfigurationError(f"{where}: expected identify = true or false, got {identify!r}")
    return Outside(declared, parts, identify)


def _nearest(start: Path | None) -> Path | None:
    folder = (start or Path.cwd()).absolute()
    paths = (place / FILE for place in (folder, *folder.parents))
    return next((path for path in paths if path.is_file()), None)


def _table(path: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:100]
        raise ConfigurationError(f"cannot read {path}: {said}") from None
    tool = read.get("tool", {})
    table = tool.get("bnproof", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: tool.bnproof is no table")
    for key, value in table.items():
        if key not in KEYS:
            hint = suggestion(key[:100], list(KEYS))
            raise ConfigurationError(
                f"{path}: tool.bnproof has no key {ascii(key)[:60]}{hint}; it has {', '.join(KEYS)}"
            )
        if key == TARGETS:
            _check_targets(path, value)
        elif not isinstance(value, str) or not value:
            raise ConfigurationError(f'{path}: {key} is no path; write {key} = "known.toml"')
    return table


def _check_targets(path: Path, tables: Any) -> None:
    ok = isinstance(tables, dict) and all(isinstance(each, dict) for each in tables.values())
    if not ok:
        example = '[tool.bnproof.targets."my_file.py:MyBatchNorm"]'
        raise ConfigurationError(
            f"{path}: expected tables such as {example}, got {TARGETS} = {ascii(tables)[:60]}"
        )
