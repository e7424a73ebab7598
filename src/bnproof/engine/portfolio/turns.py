"""Which dtype has a case that comes in one of those that are checked, in turns."""

from collections.abc import Iterable

from bnproof.engine.model.formats import FORMATS


def sharing(dtype: str, among: Iterable[str]) -> list[str]:
    """The dtypes that share cases: those that are checked, in the order of the formats.

    >>> sharing("float16", ("float32", "float64"))
    ['float64', 'float32', 'float16']
    """
    return sorted({dtype, *among}, key=list(FORMATS).index)


def in_turn(number: int, dtype: str, among: Iterable[str]) -> bool:
    """Whether a dtype has the case of this number.

    >>> [in_turn(number, "float64", ("float32", "float64")) for number in range(3)]
    [True, False, True]
    """
    dtypes = sharing(dtype, among)
    return number % len(dtypes) == dtypes.index(dtype)
