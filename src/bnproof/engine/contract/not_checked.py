"""What a declaration takes out of a check: the verdict has to say it."""

from collections.abc import Callable, Collection, Iterator

from bnproof.engine.contract.choices import Fixable
from bnproof.engine.contract.declaration import Declaration


def not_checked(declaration: Declaration, declared: Collection[str]) -> tuple[str, ...]:
    """Say what is not checked of a target since it was declared so.

    ``declared`` are the names of the attributes that the target or the user declares.  What was
    found by probing, or read from a signature, does not count: there is nothing more to check.

    >>> not_checked(Declaration(replays=True, deterministic=False), ("replays",))
    ('calls between forward and backward',)
    >>> not_checked(Declaration(fixed={"eps": 1e-5}), ("fixed",))
    ('eps other than 1e-05',)
    """
    return tuple(
        words for name, told in _TOLD.items() if name in declared for words in told(declaration)
    )


def _when(words: str, holds: Callable[[Declaration], bool]) -> Callable[[Declaration], list[str]]:
    return lambda declaration: [words] if holds(declaration) else []


def _fixed(declaration: Declaration) -> Iterator[str]:
    names: tuple[Fixable, ...] = ("eps", "momentum")
    for name in names:
        if name in declaration.fixed:
            yield f"{name} other than {declaration.fixed[name]:g}"
    if "shape" in declaration.fixed:
        yield f"shapes other than {'x'.join(map(str, declaration.fixed['shape']))}"
    elif "channels" in declaration.fixed:
        yield f"numbers of channels other than {declaration.fixed['channels']}"


def _strides(declaration: Declaration) -> list[str]:
    """Such arrays are given all the same, and may be refused: what comes back is judged."""
    words = {True: [], "positive": ["refused negative strides"], False: ["refused strides"]}
    return words[declaration.keeps_strides]


def _differs(declaration: Declaration) -> list[str]:
    return [f"module/{demand}" for demand in declaration.differs]


_TOLD: dict[str, Callable[[Declaration], Collection[str] | Iterator[str]]] = {
    "keeps_strides": _strides,
    "deterministic": _when("equal bits", lambda d: not d.deterministic),
    "replays": _when("calls between forward and backward", lambda d: d.replays),
    "single_value": _when("one value per channel", lambda d: d.single_value == "undefined"),
    "empty": _when("empty batches", lambda d: d.empty == "undefined"),
    "fixed": _fixed,
    "differs": _differs,
}
"""By attribute: what it takes out of the check, in words that "not checked" can follow."""
