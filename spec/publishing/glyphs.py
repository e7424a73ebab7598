"""Which signs the page's formulas need of their font."""

import re
from html import unescape

from bnproof.spec.publishing.html import page
from bnproof.spec.publishing.notation import NOTATIONS

ALWAYS = (0x221A, 0x2211, 0x2212, 0x22C5, 0x302, 0x2C6, 0x303, 0x2DC, 0x304, 0xAF, 0x308, 0xA8)
"""The root, the sum, minus, and accents, which no text of the page shows by themselves."""


def used() -> set[int]:
    """Code points of all signs in both notations."""
    return set().union(*(of_page(page(notation)) for notation in NOTATIONS.values())) | set(ALWAYS)


def of_page(html: str) -> set[int]:
    """Code points in the formulas of a page, as a browser shows them.

    A browser shows a single letter of <mi> in mathematical italics.

    >>> sorted(map(chr, of_page("<math><mi>x</mi><mo>+</mo></math>")))
    ['+', '𝑥']
    """
    formulas = "".join(re.findall(r"<math.*?</math>", html, re.DOTALL))
    single = re.compile(r"<mi>(&[^;]+;|[^<&])</mi>")
    letters = {unescape(found) for found in single.findall(formulas)}
    rest = unescape(re.sub(r"<[^>]+>", "", single.sub("", formulas)))
    return {italic(letter) for letter in letters} | {ord(sign) for sign in rest if sign.strip()}


def italic(letter: str) -> int:
    """The mathematical italic of a Latin or Greek letter; other signs are as they are."""
    code = ord(letter)
    special = {"h": 0x210E, "∂": 0x1D715, "ϵ": 0x1D716}
    if letter in special:
        return special[letter]
    for first, last, start in (("a", "z", 0x1D44E), ("A", "Z", 0x1D434), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last:
            return start + code - ord(first)
    return code
