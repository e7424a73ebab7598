"""Writing finite sums whose number of terms is a symbol.

Indices are bound by a Python function, never by name, because SymPy itself captures variables:
``diff(Sum(x[i]**2, (i, 1, m)), x[i])`` answers ``Sum(2*x[i], (i, 1, m))``.
"""

from collections.abc import Callable
from typing import Any, Self

from sympy import Dummy, Expr, Sum, Symbol

BOUND = tuple(
    Symbol(letter + "'" * primes, integer=True, positive=True)
    for primes in range(6)
    for letter in "ij"
)
"""The names of bound indices in canonical forms; no free index may have one of them."""


class Index(Symbol):  # type: ignore[misc]  # SymPy has no types
    """A free index, known to lie between 1 and a size.

    >>> Index("k", Symbol("m", integer=True, positive=True)).size
    m
    """

    __slots__ = ("size",)

    def __new__(cls, name: str, size: Expr) -> Self:
        """A name and the size that it runs up to; ValueError for a name reserved for sums."""
        if name in {b.name for b in BOUND}:
            raise ValueError(f"{name} is reserved for the indices of sums")
        made: Self = Symbol.__xnew__(cls, name, integer=True, positive=True)
        made.size = size
        return made

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.size)


def over(size: Expr, term: Callable[[Symbol], Expr]) -> Sum:
    """term(1) + ... + term(size), with an index that nobody else can name.

    >>> from sympy import IndexedBase
    >>> m, x = Symbol("m", integer=True, positive=True), IndexedBase("x")
    >>> over(m, lambda i: x[i]) == over(m, lambda i: x[i])  # two different bound indices
    False
    """
    i = Dummy("i", integer=True, positive=True)
    return Sum(term(i), (i, 1, size))
