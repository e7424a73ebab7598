"""The canonical form of an expression with finite sums of symbolic length.

Two expressions are equal for every number of terms when their canonical forms are.  Only five rules
are used, and each is a theorem about finite sums:

    linearity   sum_i (a f_i + b g_i) = a sum_i f_i + b sum_i g_i    (a, b free of i)
    product     (sum_i f_i) (sum_j g_j) = sum_i sum_j f_i g_j
    constant    sum_i 1 = m
    delta       sum_i [i = k] f_i = f_k                              (k within the range of i)
    renaming    the names and the order of bound indices do not matter

A delta is contracted only where its other index is known to be in range; otherwise ValueError is
raised, since a proof must not rest on a guess.
"""

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

from sympy import (
    Add,
    Dummy,
    Expr,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    cancel,
    default_sort_key,
    expand,
    fraction,
    prime,
    sympify,
    together,
)
from sympy.core.evalf import PrecisionExhausted

from bnproof.spec.kernel.sums import BOUND, Index

Rules = Mapping[Expr, Expr]
"""Canonical sums, and the known values that replace them."""

Monomial = tuple[Expr, list[tuple[Any, Expr]]]
"""A product, and the bound indices with the sizes that they run up to."""


def normal(expression: Any, rules: Rules | None = None) -> Expr:
    """The canonical form; ``rules`` replaces canonical sums by known values.

    >>> from sympy import IndexedBase, Symbol
    >>> from bnproof.spec.kernel.sums import over
    >>> m, x = Symbol("m", integer=True, positive=True), IndexedBase("x")
    >>> normal(over(m, lambda i: x[i] + 2) - over(m, lambda j: x[j]))
    2*m
    """
    expression = sympify(expression)
    if expression.free_symbols & set(BOUND):
        raise ValueError("an index that is reserved for sums is free")
    out = S.Zero
    for monomial, bound in flattened(expression, rules):
        term = canonical_term(monomial, bound, rules)
        out += expand(term) if rules and term.has(Add) else term
    return expand(out, power_base=False)


def is_zero(expression: Any, rules: Rules | None = None) -> bool:
    """Whether an expression is 0 for every size and every value of its variables.

    True is a proof.  False means that no proof was found, which a counterexample has to confirm.
    """
    form = normal(expression, rules)
    if form == 0:
        return True
    atoms = {atom: Dummy() for atom in form.atoms(Sum)}
    atoms.update({atom: Dummy() for atom in form.atoms(Indexed, KroneckerDelta)})
    rational = form.xreplace(atoms)
    if expand(fraction(together(rational))[0]) == 0:
        return True
    return not _differs_from_zero(rational) and bool(cancel(rational) == 0)


def _differs_from_zero(rational: Expr) -> bool:
    """Whether its value for some integers shows that it is not 0, before a gcd is looked for.

    The value is rounded to digits that are all correct; where that is impossible it shows nothing.
    """
    names = sorted(rational.free_symbols, key=default_sort_key)
    numbers = {name: Integer(prime(3 + n)) for n, name in enumerate(names)}
    try:
        value = rational.xreplace(numbers).evalf(strict=True)
    except PrecisionExhausted:
        return False
    return bool(value.is_finite and value != 0)


# --- linearity and product: everything becomes a list of monomials ------------------------------


def flattened(  # noqa: PLR0911  # one return for each form of an expression
    expression: Expr, rules: Rules | None = None
) -> list[Monomial]:
    """An expression as monomials, with the sums pulled out to the front."""
    if isinstance(expression, Sum):
        return _flattened_sum(expression, rules)
    if isinstance(expression, Add):
        return [monomial for part in expression.args for monomial in flattened(part, rules)]
    if isinstance(expression, Mul):
        return _multiplied([flattened(part, rules) for part in expression.args])
    if isinstance(expression, Pow):
        base, exponent = expression.base, expression.exp
        if exponent.is_Integer and exponent > 0 and isinstance(base, (Add, Mul, Sum)):
            # flattened anew for each factor, so that each has bound indices of its own
            return _multiplied([flattened(base, rules) for _ in range(int(exponent))])
        if exponent.is_Add and base.is_positive:  # q^(t - i) = q^t q^(-i)
            return [(Mul(*(Pow(base, part) for part in exponent.args)), [])]
    opaque = isinstance(expression, (Indexed, KroneckerDelta)) or not expression.args
    if not opaque and expression.has(Sum, Add):  # such as (var + eps)^(-3/2)
        return [(expression.func(*(normal(part, rules) for part in expression.args)), [])]
    return [(expression, [])]


def _flattened_sum(expression: Sum, rules: Rules | None) -> list[Monomial]:
    inner, limits = expression.function, []
    for index, low, high in expression.limits:
        if low != 1:
            raise ValueError(f"sums start at 1, not at {low}")
        fresh = Dummy("i", integer=True, positive=True)
        inner = inner.xreplace({index: fresh})
        limits.append((fresh, high))
    return [
        each
        for monomial, bound in flattened(inner, rules)
        for each in _without_offsets(monomial, bound + limits)
    ]


def _multiplied(factors: list[list[Monomial]]) -> list[Monomial]:
    return [
        (Mul(*(monomial for monomial, _ in chosen)), [b for _, bound in chosen for b in bound])
        for chosen in product(*factors)
    ]


def _without_offsets(monomial: Expr, bound: list[tuple[Any, Expr]]) -> list[Monomial]:
    """A sum to t + 1 is the sum to t and the last term; a sum to a number is written out."""
    for number, (index, high) in enumerate(bound):
        if high == 0:
            return []
        constant, _ = high.as_coeff_Add()
        if constant.is_Integer and constant > 0:
            others = bound[:number] + bound[number + 1 :]
            last = _without_offsets(monomial.xreplace({index: high}), others)
            before = [] if high == 1 else _without_offsets(monomial, [*others, (index, high - 1)])
            return before + last
    return [(monomial, bound)]


# --- delta, constant and renaming: one monomial ---------------------------------------------------


def canonical_term(
    monomial: Expr, bound: list[tuple[Any, Expr]], rules: Rules | None = None
) -> Expr:
    """One monomial with its sums: deltas contracted, sums separated, indices named."""
    sizes = dict(bound)
    contracted = _contracted(list(Mul.make_args(expand(monomial, power_base=False))), sizes)
    if contracted is None:
        return S.Zero
    result, groups = _separated(contracted, sizes)
    used = {index for indices, _ in groups for index in indices}
    for index, size in sizes.items():
        if index not in used:
            result *= size  # the constant rule
    for indices, factors in groups:
        atom = _named(indices, factors, sizes)
        result *= rules.get(atom, atom) if rules else atom
    return result


def _contracted(factors: list[Expr], sizes: dict[Any, Expr]) -> list[Expr] | None:
    """The factors after the delta rule, which removes indices from ``sizes``; None for 0."""
    done: list[Expr] = []
    while factors:
        factor = factors.pop(0)
        delta = factor.base if isinstance(factor, Pow) else factor
        if not isinstance(delta, KroneckerDelta):
            done.append(factor)
            continue
        first, second = delta.args[:2]
        index, other = (first, second) if first in sizes else (second, first)
        if index not in sizes:
            done.append(delta)  # a delta is 0 or 1, and so are its powers
            continue
        if not _in_range(other, sizes, sizes[index]):
            return None
        del sizes[index]
        factors = [f.xreplace({index: other}) for f in factors]
        done = [f.xreplace({index: other}) for f in done]
    return done


def _in_range(other: Any, sizes: dict[Any, Expr], size: Expr) -> bool:
    known = sizes.get(other, other.size if isinstance(other, Index) else None)
    if known == size or other == 1:
        return True
    if (other - size).is_positive:  # beyond the last term: never equal
        return False
    raise ValueError(f"is {other} within 1..{size}?")


def _separated(
    factors: list[Expr], sizes: dict[Any, Expr]
) -> tuple[Expr, list[tuple[set[Any], list[Expr]]]]:
    """What is free of bound indices, and groups of factors that share none between them."""
    result = S.One
    groups: list[tuple[set[Any], list[Expr]]] = []
    for factor in factors:
        indices = {index for index in sizes if factor.has(index)}
        if not indices:
            result *= factor
            continue
        touching = [group for group in groups if group[0] & indices]
        groups = [group for group in groups if not group[0] & indices]
        joined = [f for group in touching for f in group[1]]
        groups.append((indices.union(*(group[0] for group in touching)), [*joined, factor]))
    return result, groups


def _named(indices: set[Any], factors: list[Expr], sizes: dict[Any, Expr]) -> Expr:
    """The sum with its indices named so that the result sorts first among all namings."""
    body = _made_room(Mul(*factors), len(indices))
    candidates = [
        Sum(
            body.xreplace(dict(zip(order, BOUND, strict=False))),
            *((BOUND[n], 1, sizes[index]) for n, index in enumerate(order)),
        )
        for order in _orders(indices, sizes)
    ]
    return min(candidates, key=lambda candidate: candidate.sort_key())


def _made_room(body: Expr, count: int) -> Expr:
    """Sums within functions, as in 1 / sum_j (x_j - x_i), with the first names left free.

    Otherwise the name that the outer index gets would be captured by the inner sum.
    """
    used = [number for number, name in enumerate(BOUND) if body.has(name)]
    if count + max(used, default=-1) + 1 > len(BOUND):
        raise ValueError(f"more sums within each other than can be named, {len(BOUND)}")
    return body.xreplace({BOUND[number]: BOUND[number + count] for number in used})


def _orders(indices: set[Any], sizes: dict[Any, Expr]) -> Iterator[tuple[Any, ...]]:
    by_size = sorted(indices, key=lambda index: str(sizes[index]))
    due = [str(sizes[index]) for index in by_size]
    for order in permutations(by_size):
        if [str(sizes[index]) for index in order] == due:
            yield order
