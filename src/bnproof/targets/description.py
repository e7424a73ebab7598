"""What a target was recognised as, in the lines of a report: form, names, conventions."""

from collections.abc import Iterable, Mapping
from typing import Any

from bnproof.engine.contract.declaration import ATTRIBUTES, Declaration
from bnproof.recognition.recognised import Origin, Part, Recognition, Unidentified
from bnproof.targets.declarations import text_of, without_flag
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import VariantFacts

ABSENT: dict[Part, str] = {
    Part.RUNNING_STATISTICS: "keeps no running statistics",
    Part.EVALUATION: "has no evaluation",
    Part.GRADIENTS: "returns no gradients",
    Part.PARAMETERS: "has no gamma and beta",
    Part.DOUBLE_BACKWARD: "has no double backward",
}
"""What is true of a target without a part."""

SHOWN = {
    Origin.DECLARED_OUTSIDE: "declared with --declare",
    Origin.IDENTIFIED: "identified",
    Origin.DECLARED_INSIDE: "declared by the target",
}
"""The origins that a report tells in a line, in this order; the others are in its JSON."""

EVIDENT = ("dtypes", "ranks", "channel_axis")
"""What the rest of a report shows anyway, so that it is told only where the user declares it."""


def origins_of(
    told: VariantFacts, declared: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Origin]:
    """The origin of every attribute of the contract, by name.

    ``declared`` are the attributes declared from outside, ``found`` those found by probing.
    """
    return {name: told.origin(name, declared, found) for name in ATTRIBUTES}


def recognised_lines(
    recognition: Recognition, origins: Mapping[str, Origin], declaration: Declaration
) -> tuple[str, ...]:
    """Up to three lines: the form, the names by role, the conventions by origin.

    Names that are those of their roles are left out, as are attributes that say nothing beyond the
    contract's defaults, unless the user declares them.

    >>> made = Recognition("NumPy class", {"gamma": "scale"})
    >>> recognised_lines(made, {"momentum_weighs": Origin.IDENTIFIED}, Declaration())
    ('form: NumPy class', 'gamma = scale', 'identified: momentum_weighs new')
    """
    lines = [f"form: {recognition.form}"]
    named = [f"{role} = {name}" for role, name in recognition.roles.items() if role != name]
    if named:
        lines.append(", ".join(named))
    by_origin: dict[Origin, list[str]] = {}
    # what was found on request comes before what a recogniser finds in any case
    for name in sorted(origins, key=lambda name: name in recognition.origins):
        origin, value = origins[name], getattr(declaration, name)
        if origin in SHOWN and (origin is Origin.DECLARED_OUTSIDE or _says_more(name, value)):
            by_origin.setdefault(origin, []).append(f"{name} {text_of(value)}")
    told = [f"{SHOWN[o]}: {', '.join(by_origin[o])}" for o in SHOWN if o in by_origin]
    return (*lines, *(["; ".join(told)] if told else []))


def _says_more(name: str, value: Any) -> bool:
    """Whether a line about an attribute tells a reader something that is not evident."""
    return name not in EVIDENT and (name, value) != ("affine_parameters", "required")


def incomplete_lines(unidentified: Iterable[Unidentified]) -> tuple[str, ...]:
    """A line for each thing that was not identified, with what the user can say of it.

    >>> print(*incomplete_lines([Unidentified("evaluation", Part.EVALUATION)]))
    not identified: evaluation; if the target has no evaluation, add --without evaluation
    """
    return tuple(map(_line, unidentified))


def _line(each: Unidentified) -> str:
    why = f" ({each.why})" if each.why else ""
    return f"not identified: {each.what}{why}; {_way_out(each.part)}"


def _way_out(part: Part) -> str:
    flag = without_flag(part)
    if part is Part.OTHER_STATE:  # the target may well depend on it
        return f"declare what it is with an adapter, or add {flag} to check the rest"
    return f"if the target {ABSENT[part]}, add {flag}"


NO_EVALUATION = (
    "evaluation was not tested: no call of it returned y; if the target "
    f"{ABSENT[Part.EVALUATION]}, add {without_flag(Part.EVALUATION)}"
)
"""For a target that offers evaluation and never returned a result of it."""


def left_out(outside: Outside) -> tuple[str, ...]:
    """A note for each part that the user says does not exist."""
    return tuple(f"not tested: {part}, as {without_flag(part)} says" for part in outside.without)
