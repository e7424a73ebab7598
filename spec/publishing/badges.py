"""How each theorem was checked, as a line that a reader can trust."""

from collections.abc import Callable, Iterable

from bnproof.spec.publishing.roundtrip import misread
from bnproof.spec.terms.theorem import Theorem
from bnproof.spec.verification import Checked, check

Progress = Callable[[str], None]


def checked(theorems: Iterable[Theorem], progress: Progress = lambda _: None) -> dict[str, Checked]:
    """Check theorems in all four ways; raises ProofError, or ValueError for a misprint."""
    found = {}
    for theorem in theorems:
        progress(theorem.id)
        found[theorem.id] = check(theorem)
        if wrong := misread(theorem):
            raise ValueError(f"{theorem.id} is printed wrongly: {wrong[0]}")
    return found


def badge(theorem: Theorem, result: Checked | None) -> str:
    """One line.

    >>> from bnproof.spec.contents import THEOREMS
    >>> badge(THEOREMS["dbeta"], Checked(1, 4, 2, 0.012))
    'proved by canonical forms, for every m, in 0.01 s; 4 exact instances; 2 damaged copies refused'
    """
    if result is None:
        return f"proved by {theorem.method}"
    return (
        f"proved by {theorem.method}, in {result.seconds:.2f} s; {result.instances} exact "
        f"instances; {result.refused} damaged copies refused"
    )
