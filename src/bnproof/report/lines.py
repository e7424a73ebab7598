"""Lines of a terminal report: text with styles, and numbers in few characters."""

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping

from rich.text import Text

from bnproof.engine.model.verdict import Verdict
from bnproof.engine.wording.text import count

STYLES: Mapping[Verdict, str] = {
    "pass": "green",
    "fail": "bold red",
    "crashed": "bold red",
    "timed-out": "bold red",
    "known": "yellow",
    "unsupported": "dim",
}
"""Style by verdict."""

IN_WORDS: Mapping[Verdict, str] = {"unsupported": "not tested"}
"""Verdicts that readers know by another word than JSON has."""

WIDTH = 80
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
"""Signs that turn the direction of writing or end a line."""

LABEL = 13
"""Columns of a label and the space after it."""


def line(*parts: str | tuple[str, str]) -> Text:
    """One line, of texts and of (text, style).

    >>> line("a ", ("b", "bold")).plain
    'a b'
    """
    return Text.assemble(*parts)


def printable(text: str, *, lines: bool = False) -> str:
    r"""A text with what a terminal or a browser would obey spelled out.

    >>> printable("red \x1b[31m\nalert")
    'red \\x1b[31m alert'
    """
    if text.isprintable():
        return text
    kept = text if lines else text.replace("\n", " ")
    return "".join(
        ascii(sign)[1:-1]
        if sign in TURNING or (unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n")
        else sign
        for sign in kept
    )


def wrapped(text: str, indent: str = "", first: str | None = None) -> list[Text]:
    """A text in lines that fit 80 columns, at words only.

    >>> [made.plain for made in wrapped("one", indent="  ")]
    ['  one']
    """
    made = textwrap.wrap(
        printable(text, lines=True),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Text(each) for each in made]


def cut(made: list[Text], most: int, indent: str = "") -> list[Text]:
    """At most so many lines; the last one says how many are missing.

    >>> [text.plain for text in cut([Text("a"), Text("b"), Text("c")], 2)]
    ['a', '2 more lines: --verbose']
    """
    if len(made) <= most:
        return made
    hidden = f"{indent}{count(len(made) - most + 1, 'more line')}: --verbose"
    return [*made[: most - 1], Text(hidden)]


def labelled(label: str, texts: Iterable[str], *, most: int | None = None) -> list[Text]:
    """Texts beside a label, each on lines of its own; ``most`` limits the lines.

    >>> [made.plain for made in labelled("note", ["one", "two"])]
    ['note         one', '             two']
    """
    made: list[Text] = []
    for text in texts:
        made += wrapped(text, " " * LABEL, f"{'' if made else label:{LABEL}}")
    made = made if most is None else cut(made, most, " " * LABEL)
    if made:
        made[0].stylize("bold", 0, len(label))
    return made


def ratio(value: float) -> str:
    """error/bound in at most eight characters.

    >>> ratio(0.0), ratio(0.66969), ratio(123456.0), ratio(float("inf"))
    ('0', '0.67', '1.2e+05', 'inf')
    """
    if 0 < value < 0.001:
        return "<0.001"
    if 1 < value < 1.01:
        return f"{value:.5f}"  # which side of 1 it is on must not be rounded away
    if 0.99 < value < 1:
        return ">0.99"
    return f"{value:.2g}"


def verdict_in_words(verdict: Verdict) -> str:
    """A verdict as readers know it.

    >>> verdict_in_words("unsupported"), verdict_in_words("pass")
    ('not tested', 'pass')
    """
    return IN_WORDS.get(verdict, verdict)


def joined(blocks: Iterable[list[Text]]) -> list[Text]:
    """Blocks of lines with an empty line between any two."""
    made: list[Text] = []
    for block in blocks:
        if block:
            made += [Text(), *block] if made else block
    return made
