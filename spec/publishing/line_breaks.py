r"""Breaking a long formula into pieces that may stand on different lines.

Pieces end before a + or - or = of the outermost level, and between factors; what stands in
parentheses is broken as well, if it is still too long.
"""

import re
from collections.abc import Iterator

LIMIT = 26
"""How many signs a piece should have at most; a phone shows about thirty in a line."""

_COMMAND = re.compile(r"\\(?:mathrm|sum|limits|left|right|frac|partial|sqrt|[a-zA-Z]+|.)")


def width(text: str) -> int:
    r"""About how many signs of a line a formula takes; a fraction as many as its longer half.

    >>> width(r"\frac{a + b}{c} d")
    4
    """
    text = _without_fractions(text)
    text = re.sub(r"_\{[^{}]*\}|\^\{[^{}]*\}", "`", text)
    text = re.sub(r"\\(?:left|right|limits|mathrm|hat|tilde|ddot|bar)\b", "", text)
    return len(re.sub(r"[{}\s]", "", _COMMAND.sub("#", text)))


def _without_fractions(text: str) -> str:
    while (at := text.find(r"\frac{")) >= 0:
        middle = _closing(text, at + 5)
        end = _closing(text, middle + 1)
        above, below = text[at + 6 : middle], text[middle + 2 : end]
        longer = max((_without_fractions(part) for part in (above, below)), key=width)
        text = text[:at] + longer + text[end + 1 :]
    return text


def _closing(text: str, at: int) -> int:
    """Where the brace that opens at a place is closed."""
    depth = 0
    for position in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def pieces(text: str, limit: int = LIMIT) -> list[str]:
    r"""A formula in pieces.

    >>> pieces(r"a + b")
    ['a + b']
    >>> pieces(r"\left(a + b\right) c - d", limit=2)
    ['(a', '+ b)', 'c', '- d']
    """
    if width(text) <= limit:
        return [text.strip()]
    out: list[str] = []
    for part in _split(text):
        out += _inside(part, limit) if width(part) > limit else [part.strip()]
    return _joined([piece for piece in out if piece], limit)


def _split(text: str) -> Iterator[str]:
    """At + and - of the outermost level, and before parentheses and sums."""
    depth, start, position = 0, 0, 0
    while position < len(text):
        rest = text[position:]
        opens = rest.startswith((r"\left(", r"\left[", r"\left|"))
        breaks = text[position] in "+-=" or opens or rest.startswith(r"\sum\limits")
        after_sum = text[start:position].rstrip().endswith("}") and _is_sign(text[start:position])
        if depth == 0 and position > start and breaks and not after_sum:
            yield text[start:position]
            start = position
        if rest.startswith(r"\left"):
            depth += 1
        elif rest.startswith(r"\right"):
            depth -= 1
        elif text[position] == "{":
            position = _closing(text, position)
        position += 1
    yield text[start:]


def _is_sign(text: str) -> bool:
    """Whether this is nothing but the sign of a sum, which stays with what it sums."""
    return re.fullmatch(r"\s*[-+]?\s*(\\sum\\limits_\{[^{}]*\}\^\{[^{}]*\}\s*)+", text) is not None


def _inside(part: str, limit: int) -> list[str]:
    """What stands in the outermost parentheses of a part that is too long, broken."""
    start = _first_parenthesis(part)
    if start is None:
        return [part.strip()]
    end = _partner(part, start)
    opening, closing = part[start + 5], part[end + 6]
    before, inner, behind = part[:start], part[start + 6 : end], part[end + 7 :]
    broken = pieces(inner, limit)
    broken[0] = f"{before.strip()} {opening}{broken[0]}".strip()
    exponent = re.match(r"[_^]\{[^{}]*\}", behind)
    tail = exponent[0] if exponent else ""
    broken[-1] += f"{closing}{tail}"
    rest = behind[len(tail) :].strip()
    return [*broken, *pieces(rest, limit)] if rest else broken


def _first_parenthesis(text: str) -> int | None:
    position = 0
    while position < len(text):
        if text.startswith((r"\left(", r"\left["), position):
            return position
        position = _closing(text, position) if text[position] == "{" else position
        position += 1
    return None


def _partner(text: str, start: int) -> int:
    """Where the \\right of a \\left stands."""
    depth = 0
    for found in re.finditer(r"\\left|\\right", text[start:]):
        depth += 1 if found[0] == r"\left" else -1
        if depth == 0:
            return start + found.start()
    return len(text)


def _joined(parts: list[str], limit: int) -> list[str]:
    """Short pieces beside each other, where they fit."""
    out: list[str] = []
    for part in parts:
        if out and width(out[-1]) + width(part) <= limit // 2 and part[0] not in "+-=":
            out[-1] += f" {part}"
        else:
            out.append(part)
    return out
