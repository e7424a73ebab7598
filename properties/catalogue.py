"""All properties, in the order in which they are reported."""

from fnmatch import fnmatchcase

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.property import Property
from bnproof.properties import (
    backward,
    backward_calls,
    calls,
    degenerate,
    double_backward,
    forward,
    gradient_identities,
    inference,
    invariances,
    layer_in_front,
    layers,
    linearity,
    modules,
    nonfinite_gradients,
    running,
    special_inputs,
    statistics_kept,
    training_mode,
)
from bnproof.registration import defined_in

FILES = (
    forward,
    invariances,
    special_inputs,
    calls,
    degenerate,
    training_mode,
    backward,
    gradient_identities,
    linearity,
    backward_calls,
    layer_in_front,
    nonfinite_gradients,
    double_backward,
    running,
    statistics_kept,
    inference,
    layers,
    modules,
)
"""The files of statements, in the order of the report."""

PROPERTIES: tuple[Property, ...] = tuple(
    property_ for subject in FILES for property_ in defined_in(subject, Property)
)


def chosen(patterns: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> tuple[Property, ...]:
    """The properties whose id matches some pattern, all if there is none; less those excluded.

    Raises LookupError for a pattern that matches nothing.

    >>> [p.id for p in chosen(("inference/f*",))]
    ['inference/folding']
    """
    for pattern in (*patterns, *exclude):
        if not any(fnmatchcase(p.id, pattern) for p in PROPERTIES):
            message = f"no property matches {pattern!r}"
            raise LookupError(message)
    return tuple(
        p
        for p in PROPERTIES
        if (not patterns or _matches(p, patterns)) and not _matches(p, exclude)
    )


def concerning(
    asked: tuple[Property, ...], declaration: Declaration, dtype: str
) -> tuple[Property, ...]:
    """Those of some properties that concern an implementation and a dtype; all if none does.

    >>> len(concerning(chosen(("layer/*", "module/*")), Declaration(), "float32"))
    3
    """
    return tuple(p for p in asked if p.concerns(declaration, dtype)) or asked


def _matches(property_: Property, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(property_.id, pattern) for pattern in patterns)
