"""All properties, in the order in which they are reported."""

from fnmatch import fnmatchcase

from bnproof.engine.judging.property import Property
from bnproof.properties import backward, double_backward, forward, inference, layers, running

PROPERTIES: tuple[Property, ...] = (
    *forward.PROPERTIES,
    *backward.PROPERTIES,
    *double_backward.PROPERTIES,
    *running.PROPERTIES,
    *inference.PROPERTIES,
    *layers.PROPERTIES,
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


def _matches(property_: Property, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(property_.id, pattern) for pattern in patterns)
