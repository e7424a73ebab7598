"""The fourth check of a claim: both sides, as printed, are read back and evaluated with numbers."""

from collections.abc import Callable
from random import Random
from typing import Any

from sympy import Dummy, Expr, Indexed, Integer, Rational, Symbol, simplify

from bnproof.spec.instances import Numbers, explicit, free_indices, rational_batch
from bnproof.spec.kernel.sums import BOUND, Index
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.notation import PAPER, Notation
from bnproof.spec.publishing.reader import Reader, ReadingError
from bnproof.spec.terms.language import (
    NAMED,
    Expect,
    X,
    evaluate,
    k,
    m,
    n,
    unfold,
)
from bnproof.spec.terms.theorem import Theorem
from bnproof.spec.theorems.population import die_cumulants

SAMPLES = 3


def misread(theorem: Theorem, notation: Notation = PAPER) -> list[str]:
    """The printed sides of a theorem that do not have the value that they should; none is due."""
    found = []
    for number, claim in enumerate(theorem.lines()):
        for side in (claim.left, claim.right):
            text = latex(side, notation)
            try:
                if not _agrees(side, text, notation, Random(number)):  # noqa: S311  # numbers to try
                    found.append(text)
            except ReadingError as error:
                found.append(f"{text}: {error}")
    return found


def _agrees(side: Expr, text: str, notation: Notation, rng: Random) -> bool:
    sizes = _sizes(side, rng)
    free = free_indices((side,), sizes)
    values = rational_batch(SAMPLES, rng) | die_cumulants()
    written = evaluate(side) if side.has(Expect) else side
    due = explicit(unfold(written), sizes, free)
    labels = {atom.base.label for atom in due.atoms(Indexed)}
    for atom in sorted((due.atoms(Indexed) | due.free_symbols) - labels, key=str):
        if atom not in values:
            values[atom] = Rational(rng.randint(1, 9), rng.randint(1, 4))
    reader = Reader(_arrays(side, sizes, notation), _symbols(side, sizes, notation), SAMPLES)
    indices = {index.name: int(number) for index, number in free.items()}
    read = reader.read(text, indices)
    gap = due.xreplace(values) - read.xreplace(values)
    return bool(gap == 0 or simplify(gap) == 0)


def _sizes(side: Expr, rng: Random) -> Numbers:
    sizes: Numbers = {m: Integer(SAMPLES), n: Integer(2)}
    counts = {s for s in side.free_symbols if s.is_integer and not isinstance(s, Index)}
    counts |= {s for index in side.atoms(Index) for s in index.size.free_symbols}
    for name in sorted(counts - set(sizes), key=str):
        sizes[name] = Integer(rng.randint(2, 3))
    return sizes


def _arrays(
    side: Expr, sizes: Numbers, notation: Notation
) -> dict[tuple[str, str], Callable[..., Expr]]:
    """How each array is printed, and what it is: written out in x where it is defined by x."""
    arrays = {}
    for base in {atom.base for atom in side.atoms(Indexed)}:
        name = str(base)
        form = notation.get(name, f"{name.rstrip('_')}_{{}}")
        before, behind = form.split("{}")
        if form.endswith("_{}"):
            before, behind = f"{before}{{", "}"
        arrays[before, behind] = _written_out(base, sizes)
    return arrays


def _written_out(base: Any, sizes: Numbers) -> Callable[..., Expr]:
    def at(*indices: int) -> Expr:
        if base == X:
            return X[indices[0]]
        element = NAMED.spelled(base[tuple(map(Integer, indices))])
        return explicit(unfold(element), sizes, {k: Integer(1)})

    return at


def _symbols(side: Expr, sizes: Numbers, notation: Notation) -> dict[str, Expr]:
    symbols = {}
    labels = {atom.base.label for atom in side.atoms(Indexed)}
    for symbol in side.atoms(Symbol) - labels:
        if isinstance(symbol, (Index, Dummy)) or symbol in BOUND:
            continue
        value = explicit(unfold(symbol), sizes, {})
        symbols[latex(symbol, notation)] = value
    return symbols
