"""Formulas as a line of Unicode, for terminals."""

from typing import Any

from sympy import Expr, Mul, Sum, fraction
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from bnproof.spec.publishing.latex import tidied

SUBSCRIPTS = dict(zip("0123456789aeijklmnoprstuvx,", "₀₁₂₃₄₅₆₇₈₉ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ,", strict=True))
SUPERSCRIPTS = dict(zip("0123456789-+nimkT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿⁱᵐᵏᵀ", strict=True))
PAPER = {
    "mu": "μ",
    "var": "σ²",
    "epsilon": "ε",
    "gamma": "γ",
    "beta": "β",
    "alpha": "α",
    "xhat": "x̂",
    "sigma2": "σ²_X",
    "mu_X": "μ_X",
    "kappa3": "κ₃",
    "kappa4": "κ₄",
}
COURSE = {**PAPER, "x": "z", "xhat": "z_norm", "y": "z̃", "dy": "dz̃", "dx": "dz"}


def plain(expression: Expr, *, course: bool = False) -> str:
    """An expression as one line of Unicode.

    >>> from bnproof.spec.terms.language import gamma, mean, xhat
    >>> plain(gamma * mean(lambda i: xhat[i]))
    'γ/m Σᵢ x̂[i]'
    """
    return str(_Printer(COURSE if course else PAPER).doprint(tidied(expression)))


def lowered(text: str) -> str:
    """As a subscript, if there is one for every character, else after an underscore."""
    low = "".join(SUBSCRIPTS.get(character, "?") for character in text)
    return f"_{text}" if "?" in low else low


def raised(text: str) -> str:
    """As a superscript, if there is one for every character, else after a caret."""
    high = "".join(SUPERSCRIPTS.get(character, "?") for character in text)
    return f"^({text})" if "?" in high else high


class _Printer(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        super().__init__()

    def _print_Symbol(self, expression: Any) -> str:
        return self.names.get(expression.name, str(expression.name))

    _print_Index = _print_Dummy = _print_Symbol

    def _print_Add(self, expression: Any, order: Any = None) -> str:
        constant, rest = expression.primitive()
        if constant != 1 and constant.q == 1:
            return f"{constant} ({self._print(rest)})"
        terms = sorted(expression.as_ordered_terms(), key=lambda t: t.could_extract_minus_sign())
        out = str(self._print(terms[0]))
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            out += f" − {self._tight(-term)}" if negative else f" + {self._print(term)}"
        return out

    def _print_Mul(self, expression: Any) -> str:
        if expression.could_extract_minus_sign():
            return f"−{self._tight(-expression)}"
        top, bottom = fraction(expression)
        factors = sorted(Mul.make_args(top), key=lambda f: f.is_Add)
        sums = [f for f in factors if isinstance(f, Sum)]
        others = [f for f in factors if f not in sums and f != 1]
        front = " ".join(self._tight(f) for f in others) or ("1" if bottom != 1 else "")
        if bottom != 1:
            front += f"/{self._tight(bottom, PRECEDENCE['Pow'])}"
        inner = [self._print(f) if f is sums[-1] else f"({self._print(f)})" for f in sums]
        return " ".join(part for part in [front, *inner] if part)

    def _tight(self, expression: Any, level: int = PRECEDENCE["Mul"]) -> str:
        text = str(self._print(expression))
        return f"({text})" if precedence(expression) < level or expression.is_Add else text

    def _print_Pow(self, expression: Any, rational: bool = False) -> str:
        base, exponent = expression.base, expression.exp
        if exponent == -1:
            return f"1/{self._tight(base, PRECEDENCE['Pow'])}"
        if exponent.is_Rational and exponent.q == 2 and exponent.p > 0:
            inner = self._print(base if exponent.p == 1 else base**exponent.p)
            return f"√({inner})"
        if exponent.is_Rational and exponent < 0:
            return f"1/{self._tight(base**-exponent, PRECEDENCE['Pow'])}"
        atom = base.is_Symbol and "²" not in str(self._print(base))
        inner = str(self._print(base)) if atom else f"({self._print(base)})"
        return inner + raised(str(self._print(exponent)).replace(" ", ""))

    def _print_Sum(self, expression: Any) -> str:
        signs = "".join(
            "Σ" + lowered(index.name.rstrip("'")) + "'" * index.name.count("'")
            for index, _, _ in expression.limits
        )
        top = expression.limits[0][2]
        upto = "" if str(top) == "m" else f"[1..{self._print(top)}]"
        body = str(self._print(expression.function))
        return f"{signs}{upto} ({body})" if expression.function.is_Add else f"{signs}{upto} {body}"

    def _print_Derivative(self, expression: Any) -> str:
        below = " ".join(
            f"∂{self._print(v)}{raised(str(count)) if count != 1 else ''}"
            for v, count in expression.variable_count
        )
        count = expression.derivative_count
        above = f"∂{raised(str(count)) if count != 1 else ''}"
        return f"{above}({self._print(expression.expr)})/{below}"

    def _print_Subs(self, expression: Any) -> str:
        at = f"{expression.variables[0]}={expression.point[0]}"
        return f"[{self._print(expression.expr)}] at {at}"

    def _print_Expect(self, expression: Any) -> str:
        return f"E[{self._print(expression.args[0])}]"

    def _print_KroneckerDelta(self, expression: Any) -> str:
        first, second = expression.args[:2]
        return f"[{self._print(first)}={self._print(second)}]"
