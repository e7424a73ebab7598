"""The sentence about what to declare, where a declaration explains failures."""

from collections.abc import Collection, Sequence

from bnproof.engine.model.names import ACCURACY
from bnproof.engine.wording.text import count


def advice_line(
    flags: Sequence[str], declared: Collection[str], failed: Collection[str], left: Collection[str]
) -> str:
    """How many failures the flags explain, and what remains.

    ``declared`` are the attributes that the flags declare, ``failed`` the properties that fail,
    and ``left`` those that fail with these flags as well.

    >>> advice_line(["--declare accuracy=one-pass"], ["accuracy"], ["forward/agreement"], [])
    'the failure is a difference of accuracy class: add --declare accuracy=one-pass'
    """
    done = len(failed) - len(left)
    rest = f"; what remains: {', '.join(sorted(left))}" if left else ""
    what = _explained(done, len(failed))
    return f"{what} a difference of {difference(declared)}: add {' '.join(flags)}{rest}"


def _explained(done: int, failed: int) -> str:
    if done < failed:
        return f"{done} of {count(failed, 'failure')} {'is' if done == 1 else 'are'}"
    return "the failure is" if done == 1 else f"all {count(done, 'failure')} are"


def difference(declared: Collection[str]) -> str:
    """What differs, by the attributes to declare.

    >>> difference(["accuracy", "momentum_weighs"]), difference(["accuracy"])
    ('convention and accuracy class', 'accuracy class')
    """
    if set(declared) == {ACCURACY}:
        return "accuracy class"
    return "convention and accuracy class" if ACCURACY in declared else "convention"
