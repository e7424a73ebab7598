"""What the user's code raised, in words, with the line of the user's file."""

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

from bnproof.recognition.frames import ALL, is_ours

LONGEST = 200
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))


@dataclass(frozen=True)
class Raised:
    """One exception of the user's code.

    Attributes:
        text: its type and message in one line.
        where: file, line number and source text of the user's line, "" where there is none.
    """

    text: str
    where: str = ""


def raised(error: BaseException, near: str = "") -> Raised:
    """What an exception says, and where; ``near`` is a text that names the user's file.

    >>> raised(ValueError("eps must be\\npositive")).text
    'ValueError: eps must be positive'
    """
    return Raised(in_words(error), where(error, near))


def in_words(error: BaseException) -> str:
    """The type and the message of an exception in one line."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    name, text = type(error).__name__, " ".join(str(said).split())
    return f"{name}: {shortened(text)}" if text else name


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text cut at a word, with dots where something is left out.

    >>> shortened("a long message of some library", 12)
    'a long ...'
    """
    if len(text) <= longest:
        return text
    head, _, _ = text[: longest - 3].rpartition(" ")
    return f"{head or text[: longest - 3]} ..."


def where(error: BaseException, near: str = "") -> str:
    """The line of the user's file that an exception came from, "" where there is none.

    A line of a file that ``near`` names comes first, then one outside of libraries.
    """
    if isinstance(error, SyntaxError) and error.filename:
        line = (error.text or "").strip()
        return f"{Path(error.filename).name}, line {error.lineno}: {shortened(line)}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_users(f.filename)]
    own = [f for f in frames if Path(f.filename).name in near]
    outside = [f for f in frames if not f.filename.startswith(_LIBRARIES)]
    chosen = own or outside or frames
    if not chosen:
        return ""
    last = chosen[-1]
    return f"{Path(last.filename).name}, line {last.lineno}: {shortened(last.line or '')}"


def _is_users(filename: str) -> bool:
    return not filename.startswith("<") and not is_ours(filename, ALL)
