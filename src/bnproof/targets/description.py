"""What a target was recognised as, in the lines of a report: form, names, conventions."""

from collections.abc import Iterable, Mapping
from typing import Any

from bnproof.properties.contract import ATTRIBUTES, Declaration
from bnproof.targets.applying import Told
from bnproof.targets.declaring import text_of, without_flag
from bnproof.targets.outside import Outside
from bnproof.targets.recognition import Origin, Part, Recognition, Unidentified

ABSENT: dict[Part, str] = {
    Part.RUNNING_STATISTICS: "keeps no running statistics",
    Part.EVALUATION: "has no evaluation",
    Part.GRADIENTS: "returns no gradients",
    Part.PARAMETERS: "has no gamma and beta",
    Part.DOUBLE_BACKWARD: "has no double backward",
    Part.OTHER_STATE: "does not depend on it",
}
"""What is true of a target without a part."""

SHOWN = {
    Origin.IDENTIFIED: "identified",
    Origin.DECLARED_OUTSIDE: "declared with --declare",
    Origin.DECLARED_INSIDE: "declared by the target",
}
"""The origins that a report tells in a line; the others are in its JSON."""


def origins_of(
    told: Told, declared: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Origin]:
    """The origin of every attribute of the contract, by name.

    ``declared`` are the attributes declared from outside, ``found`` those found by probing.
    """
    return {name: told.origin(name, declared, found) for name in ATTRIBUTES}


def recognised_lines(
    recognition: Recognition, origins: Mapping[str, Origin], declaration: Declaration
) -> tuple[str, ...]:
    """Two or three lines: the form, the names by role, the conventions by origin.

    >>> made = Recognition("NumPy class", {"gamma": "scale"})
    >>> recognised_lines(made, {"momentum_weighs": Origin.IDENTIFIED}, Declaration())
    ('form: NumPy class', 'gamma = scale', 'identified: momentum_weighs new')
    """
    lines = [f"form: {recognition.form}"]
    if recognition.roles:
        lines.append(", ".join(f"{role} = {name}" for role, name in recognition.roles.items()))
    by_origin: dict[Origin, list[str]] = {}
    for name, origin in origins.items():
        if origin in SHOWN:
            value = text_of(getattr(declaration, name))
            by_origin.setdefault(origin, []).append(f"{name} {value}")
    told = [f"{SHOWN[o]}: {', '.join(by_origin[o])}" for o in SHOWN if o in by_origin]
    return (*lines, *(["; ".join(told)] if told else []))


def incomplete_lines(unidentified: Iterable[Unidentified]) -> tuple[str, ...]:
    """A line for each thing that was not identified, with what the user can say of it.

    >>> print(*incomplete_lines([Unidentified("the buffer b", Part.OTHER_STATE)]))
    the buffer b was not identified: if the target does not depend on it, add --without other-state
    """
    return tuple(map(_line, unidentified))


def _line(each: Unidentified) -> str:
    why = f" ({each.why})" if each.why else ""
    flag = without_flag(each.part)
    return f"{each.what} was not identified{why}: if the target {ABSENT[each.part]}, add {flag}"


NO_EVALUATION = (
    "evaluation was not tested: no call of it returned y; if the target "
    f"{ABSENT[Part.EVALUATION]}, add {without_flag(Part.EVALUATION)}"
)
"""For a target that offers evaluation and never returned a result of it."""


def left_out(outside: Outside) -> tuple[str, ...]:
    """A note for each part that the user says does not exist."""
    return tuple(f"not tested: {part}, as {without_flag(part)} says" for part in outside.without)
