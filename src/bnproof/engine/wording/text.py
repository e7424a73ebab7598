"""Pieces of sentences: counts, lists of names, the closest name."""

import difflib
from collections.abc import Iterable, Sequence


def count(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    >>> count(1, "case"), count(2, "case"), count(0, "property", "properties")
    ('1 case', '2 cases', '0 properties')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def clipped(text: str, width: int) -> str:
    """A text of at most so many characters; dots say that something is missing.

    >>> clipped("a long word", 8)
    'a lon...'
    """
    return text if len(text) <= width else text[: width - 3] + "..."


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def some(names: Sequence[str], shown: int = 8) -> str:
    """The first few names, and how many more there are.

    >>> some(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def suggestion(name: str, names: Iterable[str]) -> str:
    """The closest of some names as a half sentence, or nothing.

    >>> suggestion("BatchNrom", ["BatchNorm", "relu"])
    ', did you mean BatchNorm?'
    """
    by_lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f", did you mean {by_lower[close[0]]}?" if close else ""
