"""What pyproject.toml says about checks, in its table ``[tool.bnproof]``."""

import tomllib
from pathlib import Path
from typing import Any

from bnproof.run.target import suggestion

FILE = "pyproject.toml"
KNOWN_FAILURES = "known-failures"
KEYS = (KNOWN_FAILURES,)


class ConfigurationError(Exception):
    """The table is not of the form; the message has one line for the user."""


def known_failures(start: Path | None = None) -> Path | None:
    """The file of known failures that the nearest pyproject.toml names, from a folder upwards.

    It is relative to that pyproject.toml; None if there is none, or it names none.  Raises
    ConfigurationError for a table that is not of the form.
    """
    folder = (start or Path.cwd()).absolute()
    for place in (folder, *folder.parents):
        path = place / FILE
        if path.is_file():
            named = _table(path).get(KNOWN_FAILURES)
            return None if named is None else place / named
    return None


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
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f'{path}: {key} is no path; write {key} = "known.toml"')
    return table
