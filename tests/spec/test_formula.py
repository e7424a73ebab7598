"""A reader's own formula: read as meant, never executed, and judged for every m."""

import pytest
from sympy import Rational

from bnproof.spec.formula import FormulaError, parse, parse_sides
from bnproof.spec.kernel.canonical import is_zero
from bnproof.spec.proof import prove, prove_equation
from bnproof.spec.terms.language import beta, dy, gamma, k, m, mean, total, x


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("gamma - beta - 2", gamma - beta - 2),
        ("gamma/2/m", gamma / (2 * m)),
        ("-gamma**2", -(gamma**2)),
        ("2*-gamma", -2 * gamma),
        ("gamma**-1", 1 / gamma),
        ("0.25*gamma", gamma / 4),
        ("gamma^(1/2)", gamma ** Rational(1, 2)),
        ("dy", dy[k]),
        ("dy[k]*x", dy[k] * x[k]),
        ("sum(dy*x)", total(lambda i: dy[i] * x[i])),
        ("sum(dy*x[k])", total(lambda i: dy[i]) * x[k]),
        ("mean(dy*mean(x))", mean(lambda i: dy[i]) * mean(lambda i: x[i])),
        ("mean((x - mean(x))**2)", mean(lambda i: (x[i] - mean(lambda j: x[j])) ** 2)),
    ],
)
def test_reads_as_meant(text: str, due: object) -> None:
    """A wrong precedence or a captured index would judge another formula than the reader's."""
    assert is_zero(parse(text) - due)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("gamma*(dy", 9, "is due"),
        ("2*dz", 2, "there is no dz"),
        ("dy[i]", 3, "only sample"),
        ("1/0", 2, "division by zero"),
        ("dy 2", 3, "operator"),
        ("", 0, "is due"),
        ("dy**x", 4, "exponent"),
        ("2**99999999999", 3, "exponent"),
        ("__import__('os').system('true')", 11, "not of the notation"),
        ("é", 0, "not of the notation"),
        ("(" * 200 + "dy" + ")" * 200, 100, "parentheses"),
        ("dy + " * 2000 + "dy", 4000, "long"),
    ],
)
def test_says_where_it_is_not_understood(text: str, at: int, says: str) -> None:
    """A message that points elsewhere, or an exception of ours."""
    with pytest.raises(FormulaError, match=says) as caught:
        parse(text)

    assert caught.value.at == at


def test_is_never_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """eval, exec or sympify would run what a stranger wrote."""

    def refuse(*_: object) -> None:
        raise AssertionError("code was executed")

    monkeypatch.setattr("builtins.eval", refuse)
    assert is_zero(parse("sum(dy)*2") - 2 * total(lambda i: dy[i]))


@pytest.mark.parametrize(
    ("formula", "quantity"),
    [
        ("gamma*inv_std*(dy - mean(dy) - xhat*mean(dy*xhat))", "dx"),
        ("gamma/(m*sqrt(var+eps))*(m*dy - sum(dy) - (x-mu)/(var+eps)*sum(dy*(x-mu)))", "dx"),
        ("sum(dy*(x - mean(x)))/sqrt(var + eps)", "dgamma"),
        ("sum(dy)", "dbeta"),
        ("mean(x^2) - mean(x)^2", "var"),
    ],
)
def test_right_formulas_are_proved(formula: str, quantity: str) -> None:
    """Somebody's right formula, written differently, must not be refused."""
    assert prove(formula, quantity).proved


@pytest.mark.parametrize(
    ("formula", "quantity", "mistake"),
    [
        ("gamma*inv_std*(dy - mean(dy))", "dx", "variance-path-missing"),
        ("gamma*inv_std*dy", "dx", "constant-statistics"),
        ("inv_std*(dy - mean(dy) - xhat*mean(dy*xhat))", "dx", "gamma-forgotten"),
        ("mean(dy*xhat)", "dgamma", "dgamma-mean"),
        ("gamma*(x - mu)/(sqrt(var) + eps) + beta", "y", "eps-outside"),
        ("gamma*inv_std*(dy - 3*mean(dy))", "dx", None),
    ],
)
def test_wrong_formulas_are_refuted(formula: str, quantity: str, mistake: str | None) -> None:
    """A refutation needs numbers, and the name of the mistake only where it is that mistake."""
    verdict = prove(formula, quantity)

    assert not verdict.proved
    assert verdict.counterexample is not None
    assert verdict.counterexample.gap != 0
    assert (verdict.mistake.id if verdict.mistake else None) == mistake


def test_equations() -> None:
    """The two sides could be swapped or compared with the wrong quantity."""
    assert prove_equation(*parse_sides("sum(dx) = 0")).proved
    assert not prove_equation(*parse_sides("sum(dx*xhat) = 0")).proved
