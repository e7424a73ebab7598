"""Declarations from outside: texts and TOML values, read by the contract's own checks."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bnproof.engine.contract.choices import FIXABLE
from bnproof.engine.contract.declaration import ATTRIBUTES, accepted, expected
from bnproof.engine.wording.text import suggestion
from bnproof.recognition.recognised import Part
from bnproof.targets.outside import Outside

DECLARE, WITHOUT = "--declare", "--without"
QUOTED = re.compile(r"[\"']([^\"']+)[\"']")
SHAPE = re.compile(r"\d+(x\d+)+")
SHOWN = 80
BRACKETS = str.maketrans("", "", "()[]{}'\" ")
"""What a value needs in Python and not on the command line."""


class DeclarationError(Exception):
    """A declaration from outside is wrong; the message has one line for the user."""


def outside_of(
    declare: Iterable[str] | Mapping[str, Any] = (),
    without: Iterable[str] = (),
    *,
    identify: bool = False,
) -> Outside:
    """Read declarations: texts ``NAME=VALUE``, or a mapping from names to values or texts.

    Raises DeclarationError for an unknown name, a wrong value, and a name that is declared twice
    with different values.

    >>> outside_of(["running_variance=2:biased,4:unbiased", "ranks=2,4"]).declared["ranks"]
    (2, 4)
    """
    pairs = _items(declare, DECLARE) if isinstance(declare, Mapping) else map(_pair, declare)
    declared: dict[str, Any] = {}
    for name, value in pairs:
        read = attribute(name, value, DECLARE)
        if name in declared and declared[name] != read:
            raise DeclarationError(f"{DECLARE} {name}: expected one value, got two different ones")
        declared[name] = read
    parts = [part(name, WITHOUT) for name in _texts(without, WITHOUT)]
    return Outside(declared, tuple(dict.fromkeys(parts)), identify)


def _items(declare: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    for name, value in declare.items():
        if not isinstance(name, str):
            raise DeclarationError(f"{where}: expected the name of an attribute, got {name!r}")
        yield name, value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        example = "momentum_weighs=old"
        raise DeclarationError(
            f"{DECLARE}: expected NAME=VALUE such as {example}, got {_shown(text)}"
        )
    return name.strip(), value.strip()


def _texts(given: Iterable[str], where: str) -> list[str]:
    if isinstance(given, str):
        return [given]
    texts: list[Any] = list(given)
    for each in texts:
        if not isinstance(each, str):
            raise DeclarationError(f"{where}: expected the name of a part, got {_shown(each)}")
    return texts


def attribute(name: str, value: Any, where: str) -> Any:
    """Read one attribute of the contract; ``where`` begins the message of a DeclarationError.

    >>> attribute("fixed", "eps:1e-5,shape:8x64x7x7", "--declare")
    {'eps': 1e-05, 'shape': (8, 64, 7, 7)}
    """
    if name not in ATTRIBUTES:
        if name in FIXABLE:
            raise DeclarationError(f"{where} {name}: unknown attribute{_as_fixed(name, value)}")
        hint = suggestion(name[:SHOWN], list(ATTRIBUTES))
        raise DeclarationError(
            f"{where} {_plain(name)}: unknown attribute{hint or ','} expected one of "
            f"{', '.join(ATTRIBUTES)}"
        )
    for candidate in _candidates(value):
        read = accepted(name, candidate)
        if read is not None:
            return tuple(dict.fromkeys(read)) if isinstance(read, tuple) else read
    close = _plainer(name, value)
    close = close or suggestion(str(value)[:SHOWN], QUOTED.findall(expected(name)))
    raise DeclarationError(f"{where} {name}: expected {expected(name)}, got {_shown(value)}{close}")


def _as_fixed(name: str, value: Any) -> str:
    """A hint that a setting which a target fixes is declared as such.

    >>> _as_fixed("eps", "1e-5")
    ', did you mean fixed=eps:1e-5?'
    """
    text = _plain(value if isinstance(value, str) else _inner(value))
    right = any(accepted("fixed", each) for each in _candidates(f"{name}:{text}"))
    return f", did you mean fixed={name}:{text if right else 'VALUE'}?"


def _plainer(name: str, value: Any) -> str:
    """A hint for a value that is right but for brackets and quotes, as Python needs them.

    >>> _plainer("ranks", "(2, 4)"), _plainer("ranks", "(2, 7)")
    (', did you mean ranks=2,4?', '')
    """
    bare = str(value).translate(BRACKETS)
    if not isinstance(value, str) or bare == value:
        return ""
    found = (accepted(name, each) for each in _candidates(bare.rstrip(",")))
    read = next((each for each in found if each is not None), None)
    return "" if read is None else f", did you mean {name}={text_of(read)}?"


def part(name: str, where: str) -> Part:
    """Read the name of a part that does not exist.

    >>> str(part("running_statistics", "--without"))
    'running-statistics'
    """
    known = [str(each) for each in Part]
    text = name.strip().replace("_", "-")
    if text not in known:
        raise DeclarationError(
            f"{where}: expected one of {', '.join(known)}, got {_shown(name)}"
            f"{suggestion(name[:SHOWN], known)}"
        )
    return Part(text)


# --- values -----------------------------------------------------------------------------------


def _candidates(value: Any) -> Iterator[Any]:
    """Yield what a value may mean, the most literal meaning first."""
    if not isinstance(value, str):
        yield _native(value)
        return
    items = [item.strip() for item in value.split(",")]
    if any(":" in item for item in items):
        table = _table(items)
        if table is not None:
            yield table
        return
    yield value
    yield _scalar(value)
    if all(items):
        yield tuple(_scalar(item) for item in items)


def _native(value: Any) -> Any:
    """A value of Python or TOML, whose keys are texts where the contract has numbers."""
    if isinstance(value, Mapping):
        return {
            _scalar(key) if isinstance(key, str) else key: _native(each)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return tuple(_native(each) for each in value)
    return _range_or_shape(value) if isinstance(value, str) else value


def _table(items: Iterable[str]) -> dict[Any, Any] | None:
    """Read ``KEY:VALUE`` items; None for another form or a key that comes twice."""
    table: dict[Any, Any] = {}
    for item in items:
        key, colon, value = (text.strip() for text in item.partition(":"))
        if not colon or not key or not value or _scalar(key) in table:
            return None
        table[_scalar(key)] = _scalar(value)
    return table


def _scalar(text: str) -> Any:
    """A text as a truth value, a number, a range, a shape, or else the text itself.

    >>> _scalar("true"), _scalar("-1"), _scalar("1e-5"), _scalar("1e-12..1"), _scalar("8x64")
    (True, -1, 1e-05, (1e-12, 1.0), (8, 64))
    """
    word = text.lower()
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    return _range_or_shape(text)


def _range_or_shape(text: str) -> Any:
    low, dots, high = text.partition("..")
    if dots:
        try:
            return float(low), float(high)
        except ValueError:
            return text
    return tuple(int(side) for side in text.split("x")) if SHAPE.fullmatch(text) else text


def _shown(value: Any) -> str:
    return repr(_plain(value if isinstance(value, str) else repr(value)))


def _plain(text: str) -> str:
    """A text of a limited length, without signs that move a terminal's cursor."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * SHOWN])
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 3] + "..."


# --- back to texts ----------------------------------------------------------------------------


def flag(name: str, value: Any) -> str:
    """A declaration as it is written on the command line.

    >>> flag("running_variance", {2: "biased", 4: "unbiased"}), flag("accuracy", "one-pass")
    ('--declare running_variance=2:biased,4:unbiased', '--declare accuracy=one-pass')
    """
    return _quoted(f"{DECLARE} {name}=", text_of(value))


def without_flag(name: Part) -> str:
    """A part that does not exist, as it is written on the command line.

    >>> without_flag(Part.EVALUATION)
    '--without evaluation'
    """
    return f"{WITHOUT} {name}"


def text_of(value: Any) -> str:
    """A value of an attribute in the form that `attribute` reads.

    >>> text_of({"eps": (1e-12, 1.0), "shape": (8, 64)}), text_of(True), text_of((2, 4))
    ('eps:1e-12..1.0,shape:8x64', 'true', '2,4')
    """
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{_inner(each)}" for key, each in value.items())
    if isinstance(value, (tuple, list)):
        return ",".join(map(text_of, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inner(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        numbers = all(isinstance(each, int) for each in value)
        return ("x" if numbers else "..").join(map(str, value))
    return text_of(value)


def _quoted(before: str, text: str) -> str:
    return f'{before}"{text}"' if " " in text else before + text
