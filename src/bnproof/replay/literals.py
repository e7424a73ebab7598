"""Values as source text: numbers, quoted texts and calls, none of which can hold other code."""

import keyword
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

WIDTH = 96


class NoScript(Exception):  # noqa: N818  # a limit of scripts, not a mistake
    """No script can show this; the message says why in one line."""


def call_lines(head: str, arguments: Sequence[str]) -> list[str]:
    """A call in one line, or with a line for each argument."""
    line = f"{head}{', '.join(arguments)})"
    if len(line) <= WIDTH or "\n" in line:
        return [line]
    return [head, *(f"    {argument}," for argument in arguments), ")"]


def cut(text: str) -> Iterator[str]:
    """A long text in pieces, at blanks where it has some, that give it again side by side."""
    width = WIDTH - 8
    if " " not in text:
        yield from (text[at : at + width] for at in range(0, len(text), width))
        return
    piece = ""
    for word in text.split(" "):
        if piece and len(piece) + len(word) + 1 > width:
            yield piece
            piece = ""
        piece += f"{word} "
    yield piece.rstrip()


def quoted(text: str) -> str:
    """A text as Python writes it, in double quotes where it can be.

    >>> print(quoted("a"), quoted("'\\"\\n"))
    "a" '\\'"\\n'
    """
    if text.isascii() and text.isprintable() and not set(text) & {'"', "\\"}:
        return f'"{text}"'
    return ascii(text)


def argument_name(text: str) -> str:
    """The name of a keyword argument; NoScript for what is none."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise NoScript(f"{text!r} is no name of an argument")
    return text


def literal(value: Any) -> str:
    """A number, None or a text as Python writes it; NoScript for anything else."""
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if np.isfinite(value) else f'float("{value}")'
    if isinstance(value, (np.integer, np.floating)):
        return literal(value.item())
    if isinstance(value, str):
        return quoted(value)
    raise NoScript(f"an argument is a {type(value).__name__}")
