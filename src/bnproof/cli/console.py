"""Standard output in an encoding without Greek letters, as cp1252 on Windows: they are spelled."""

import codecs
import sys
import unicodedata
from io import TextIOWrapper

SPELL = "bnproof-spell"
"""The name of the handler of errors in `codecs`."""

SPELLED = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "Σ": "sum",
    "√": "sqrt",
    "∂": "d",
    "…": "...",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "hat",
    "\N{COMBINING TILDE}": "tilde",
    "✅": "[ok]",
    "❌": "[x]",
    "⚠": "[!]",
    "\N{VARIATION SELECTOR-16}": "",
}
MARKS = {"<sub>": "_", "<super>": "^"}


def prepare_streams() -> None:
    """Have standard output and standard error never fail at a character."""
    codecs.register_error(SPELL, spell_unknown)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=SPELL)


def spell_unknown(error: UnicodeError) -> tuple[str, int]:
    """What to write for the characters that an encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return spelled(error.object[error.start : error.end]), error.end


def spelled(text: str) -> str:
    """Each character in ASCII, a question mark for one without a spelling.

    >>> spelled("Σᵢ μ"), spelled("κ₁₂"), spelled("베")
    ('sum_i mu', 'kappa_12', '?')
    """
    written, before = "", ""
    for character in text:
        mark, _, base = unicodedata.decomposition(character).partition(" ")
        mark = MARKS.get(mark, "")
        if mark:
            character = chr(int(base, 16))  # noqa: PLW2901  # the letter that is lowered or raised
        written += (mark if mark != before else "") + _spelled(character)
        before = mark
    return written


def _spelled(character: str) -> str:
    if character.isascii():
        return character
    case, _, letter = unicodedata.name(character, "").rpartition(" LETTER ")
    greek = {"GREEK SMALL": letter.lower(), "GREEK CAPITAL": letter.capitalize()}
    return SPELLED.get(character, greek.get(case, "?"))
