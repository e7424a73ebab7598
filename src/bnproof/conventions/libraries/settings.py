"""Settings as they are written on a command line: which library, which setting, which value."""

from collections.abc import Mapping
from decimal import Decimal

from bnproof.conventions.libraries.entry import Library
from bnproof.conventions.libraries.numbers import decimal
from bnproof.conventions.libraries.table import LIBRARIES
from bnproof.engine.wording.text import suggestion

SIZES = ("values", "batch", "spatial")


class SettingsError(Exception):
    """What was asked for cannot be read: the message has one or two lines for the user."""


def find(name: str) -> Library:
    """The library of a name; raises SettingsError, with a suggestion, if there is none.

    >>> find("pytorch").id
    'torch'
    >>> find("kears")
    Traceback (most recent call last):
    bnproof.conventions.libraries.settings.SettingsError: no library 'kears', did you mean keras?
    see bnproof translate --list
    """
    names = {library.id: library for library in LIBRARIES.values()}
    names |= {alias: library for library in LIBRARIES.values() for alias in library.aliases}
    if name.lower() in names:
        return names[name.lower()]
    hint = suggestion(name, list(names))
    raise SettingsError(f"no library {name!r}{hint}\nsee bnproof translate --list")


def named(source: Library, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings by what they are, whatever the source calls them.

    Raises SettingsError for a name that is none of them, or one given twice.
    """
    own = {source.momentum.argument: "momentum", source.eps.argument: "eps"}
    own |= {source.axis.argument: "axis"}
    known = {**{n: n for n in ("momentum", "eps", "epsilon", "axis", *SIZES)}, **own}
    known["epsilon"] = "eps"
    known.pop("", None)
    given: dict[str, str] = {}
    for name, value in settings.items():
        if name not in known:
            hint = suggestion(name, list(known))
            raise SettingsError(
                f"{source.id} has no setting {name!r}{hint}\nthere are {', '.join(sorted(known))}"
            )
        if known[name] in given:
            raise SettingsError(f"{known[name]} is given twice")
        given[known[name]] = value
    return given


def number(name: str, text: str) -> Decimal:
    """The value of a setting; raises SettingsError if it is no number."""
    value = decimal(text)
    if value is None:
        raise SettingsError(f"{name}={text} is not a number; write it as {name}=0.1 or {name}=1e-5")
    return value


def count_of(given: Mapping[str, str]) -> int | None:
    """N, the number of values per channel, None where it is not told.

    Raises SettingsError for what is no size.

    >>> count_of({"batch": "32", "spatial": "7x7"})
    1568
    """
    if "values" in given and ("batch" in given or "spatial" in given):
        raise SettingsError("values= is batch= times spatial=; give one or the other")
    if "spatial" in given and "batch" not in given:
        raise SettingsError("spatial= is given without batch=; N is their product")
    count = 1
    for name in SIZES:
        for side in given.get(name, "1").lower().split("x"):
            if not side.isascii() or not side.isdigit() or int(side) < 1:
                example = "7x7" if name == "spatial" else "32"
                raise SettingsError(f"{name}={given[name]} is no size; write {name}={example}")
            count *= int(side)
    return count if any(name in given for name in SIZES) else None
