"""The proof kernel: each of its rules, and that it keeps values whatever it is given."""

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sympy import (
    Expr,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Rational,
    Symbol,
    expand,
    sqrt,
)
from tests.spec.expressions import expressions

from bnproof.spec.instances import explicit
from bnproof.spec.kernel import canonical
from bnproof.spec.kernel.canonical import is_zero, normal
from bnproof.spec.kernel.expectation import expectation
from bnproof.spec.kernel.sums import BOUND, Index, over
from bnproof.spec.terms.language import a, dy, gamma, k, l, m, n, x

T = Symbol("T", integer=True, nonnegative=True)
BROKEN = {
    "the constant rule": ("            result *= size", "            result *= 1"),
    "the delta rule": (
        """        factors = [f.xreplace({index: other}) for f in factors]
        done = [f.xreplace({index: other}) for f in done]
""",
        "",
    ),
    "indices of their own in a power": (
        "[flattened(base, rules) for _ in range(int(exponent))]",
        "[flattened(base, rules)] * int(exponent)",
    ),
    "the separation of factors": (
        "touching = [group for group in groups if group[0] & indices]",
        "touching = []",
    ),
}


def values(expression: Expr, samples: int, inputs: int, seed: int) -> Expr:
    """The value of an expression with every size and every entry a number."""
    sizes = {m: Integer(samples), n: Integer(inputs)}
    free = {k: Integer(1), l: Integer(samples), a: Integer(inputs)}
    written = explicit(expression, sizes, free)
    rng = Random(seed)  # noqa: S311  # numbers to try, not secrets
    entries = sorted(written.atoms(Indexed), key=str)
    numbers: dict[Any, Expr] = {entry: Integer(rng.randint(-5, 5)) for entry in entries}
    return expand(written.xreplace({**numbers, gamma: Integer(3)}))


def keeps_the_value(kernel: Any, expression: Expr, samples: int, inputs: int, seed: int) -> bool:
    """Whether the canonical form has the value of the expression, for some numbers.

    The kernel may refuse a delta of whose range it is not told, which proves nothing wrong.
    """
    try:
        form = kernel.normal(expression)
    except ValueError as error:
        if "within 1.." in str(error):
            return True
        raise
    difference = expression - form
    return bool(values(difference, samples, inputs, seed) == 0)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(expressions(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_canonical_form_keeps_the_value(
    expression: Expr, samples: int, inputs: int, seed: int
) -> None:
    """An unsound rule changes the value of some expression."""
    assert keeps_the_value(canonical, expression, samples, inputs, seed)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(expressions(depth=3))
def test_canonical_form_is_its_own(expression: Expr) -> None:
    """A form that is not canonical lets equal expressions differ."""
    try:
        form = normal(expression)
    except ValueError:
        return  # a delta of whose range the kernel is not told
    assert normal(form) == form


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_kernel_is_noticed(rule: str, tmp_path: Path) -> None:
    """The property above could be too weak to see a wrong rule."""
    kernel = broken(*BROKEN[rule], tmp_path)

    @settings(
        max_examples=600,
        phases=[Phase.generate],  # that one fails is enough, it need not be small
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(expressions(), st.integers(2, 3), st.integers(2, 3), st.integers(0, 99))
    def search(expression: Expr, samples: int, inputs: int, seed: int) -> None:
        assert keeps_the_value(kernel, expression, samples, inputs, seed)

    with pytest.raises((AssertionError, ValueError, KeyError, IndexError, ExceptionGroup)):
        search()


def broken(right: str, wrong: str, folder: Path) -> ModuleType:
    """The kernel with one line of it replaced."""
    text = Path(canonical.__file__).read_text(encoding="utf-8")
    assert right in text
    path = folder / "broken_kernel.py"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("broken_kernel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            over(m, lambda i: 2 * x[i] + dy[i]),
            2 * over(m, lambda i: x[i]) + over(m, lambda i: dy[i]),
        ),
        (
            over(m, lambda i: x[i]) * over(m, lambda j: dy[j]),
            over(m, lambda i: over(m, lambda j: x[i] * dy[j])),
        ),
        (over(m, lambda _: Integer(1)), m),
        (over(m, lambda i: KroneckerDelta(i, k) * x[i]), x[k]),
        (over(m, lambda i: over(n, lambda _: x[i])), n * over(m, lambda j: x[j])),
    ],
    ids=["linearity", "product", "constant", "delta", "renaming"],
)
def test_each_rule(left: Expr, right: Expr) -> None:
    """A rule that does nothing would make true claims unprovable."""
    assert is_zero(left - right)


def test_a_delta_beyond_the_range_is_zero() -> None:
    """[i = T + 1] within 1..T once counted the newest term three times."""
    s = IndexedBase("s")
    assert normal(over(T, lambda i: KroneckerDelta(i, T + 1) * s[i])) == 0


def test_a_delta_of_unknown_range_is_refused() -> None:
    """A guess about a range would be no proof."""
    other = Symbol("other", integer=True, positive=True)
    with pytest.raises(ValueError, match="is other within"):
        normal(over(m, lambda i: KroneckerDelta(i, other) * x[i]))


def test_names_of_bound_indices_are_reserved() -> None:
    """A free index named like a bound one would be captured."""
    with pytest.raises(ValueError, match="reserved"):
        Index("i", m)
    with pytest.raises(ValueError, match="reserved"):
        normal(x[BOUND[0]])


def test_a_sum_within_a_function_captures_nothing() -> None:
    """sum_i 1 / (1 + sum_j (x_j - x_i)^2) once lost the difference between i and j."""
    nested = over(m, lambda i: 1 / (1 + over(m, lambda j: (x[j] - x[i]) ** 2)))

    assert not is_zero(nested - m)
    assert keeps_the_value(canonical, nested, 3, 1, 0)
    assert normal(normal(nested)) == normal(nested)


def test_false_claims_are_not_proved() -> None:
    """A kernel that proves everything would pass all tests of theorems."""
    assert not is_zero(over(m, lambda i: x[i]) - m * x[k])
    assert not is_zero(over(m, lambda i: x[i] ** 2) - over(m, lambda i: x[i]) ** 2)


def test_what_cancels_is_proved_and_nothing_close_to_it() -> None:
    """Catches numbers that withhold a proof, or that take a small difference for none."""
    left = 1 / (sqrt(gamma**2 + 1) - 1) - (sqrt(gamma**2 + 1) + 1) / gamma**2

    assert is_zero(left)
    assert not is_zero(left + Rational(1, 10**9))


@pytest.mark.parametrize(
    "zero",
    [
        (x[k] + 1) ** 2 - x[k] ** 2 - 2 * x[k] - 1,
        1 / (gamma - 2) - (gamma + 2) / (gamma**2 - 4),
        sqrt(gamma**2 + 2 * gamma + 1) - gamma - 1,
        1 / (gamma - 5) - 1 / (gamma - 5),
    ],
    ids=["polynomial", "rational", "root", "pole at a number that is tried"],
)
def test_numbers_withhold_no_proof(zero: Expr) -> None:
    """Catches numbers that take 0 for something else, and so end a proof before it is tried."""
    assert not canonical._differs_from_zero(zero)
    assert canonical._differs_from_zero(zero + Rational(1, 10**9))


def test_expectation_of_a_square() -> None:
    """Equal indices have a variance, different ones have not."""
    mu, var = Symbol("mu"), Symbol("var")
    found = expectation(over(m, lambda i: x[i]) ** 2, x, lambda order: {1: mu, 2: var}[order])

    assert expand(found - (m**2 * mu**2 + m * var)) == 0


def test_expectation_of_no_polynomial_is_refused() -> None:
    """Cumulants say nothing of 1 / x."""
    with pytest.raises(ValueError, match="polynomial"):
        expectation(1 / x[k], x, Integer)
