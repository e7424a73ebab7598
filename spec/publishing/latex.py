"""Formulas as LaTeX, in the reader's order and notation."""

from typing import Any

from sympy import Derivative as Derived
from sympy import Expr, Indexed, Mul, Sum, Symbol, fraction
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from bnproof.spec.kernel.sums import BOUND
from bnproof.spec.publishing.notation import PAPER, Notation


def latex(expression: Expr, notation: Notation = PAPER) -> str:
    r"""An expression as LaTeX.

    >>> from bnproof.spec.terms.language import mean, x
    >>> latex(mean(lambda i: x[i]))
    '\\frac{1}{m} \\sum\\limits_{i=1}^{m} x_{i}'
    """
    return str(_Printer(notation).doprint(tidied(expression)))


def tidied(expression: Expr, depth: int = 0) -> Expr:
    """Bound indices named i, j, ... by how deep they are nested."""
    if isinstance(expression, Sum):
        body, limits = expression.function, []
        for index, low, high in expression.limits:
            body = body.xreplace({index: BOUND[depth]})
            limits.append((BOUND[depth], low, high))
            depth += 1
        return Sum(tidied(body, depth), *limits)
    if not expression.args or isinstance(expression, Indexed):
        return expression
    parts = (tidied(part, depth) for part in expression.args)
    if expression.is_Add or expression.is_Mul:
        return expression.func(*parts, evaluate=False)
    return expression.func(*parts)


class _Printer(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        super().__init__({})

    def _print_Add(self, expression: Any, order: Any = None) -> str:
        constant, rest = expression.primitive()
        if constant != 1 and constant.q == 1:  # SymPy turns 2 (x - mu) into 2 x - 2 mu
            return rf"{self._print(constant)} \left({self._print(rest)}\right)"
        terms = expression.as_ordered_terms()
        terms.sort(key=lambda term: term.could_extract_minus_sign())
        out = str(self._print(terms[0]))
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            out += f" - {self._factor(-term)}" if negative else f" + {self._print(term)}"
        return out

    def _factor(self, expression: Any) -> str:
        """What follows a minus sign: sums of terms in parentheses."""
        text = str(self._print(expression))
        return rf"\left({text}\right)" if expression.is_Add else text

    def _print_Mul(self, expression: Any) -> str:
        """Fractions stay small, in front of sums and derivatives."""
        if expression.could_extract_minus_sign():
            return f"- {self.parenthesize(-expression, PRECEDENCE['Mul'], strict=True)}"
        top, bottom = fraction(expression)
        factors = Mul.make_args(top)
        large = [f for f in factors if f.has(Sum, Derived)]
        if not large:
            return str(super()._print_Mul(expression))
        small = Mul(*(f for f in factors if not f.has(Sum, Derived))) / bottom
        large.sort(key=lambda f: (isinstance(f, Derived), isinstance(f, Sum)))
        parts = [self._part(f, last=n == len(large) - 1) for n, f in enumerate(large)]
        front = [] if small == 1 else [self.parenthesize(small, PRECEDENCE["Mul"], strict=True)]
        return " ".join(front + parts)

    def _part(self, factor: Any, *, last: bool) -> str:
        text = str(self._print(factor))
        reaching = isinstance(factor, (Sum, Derived)) and not last
        return rf"\left({text}\right)" if factor.is_Add or reaching else text

    def _print_Pow(self, expression: Any) -> str:
        base, exponent = expression.base, expression.exp
        raised = isinstance(base, Indexed) or (
            isinstance(base, Symbol) and "^" in str(self._print(base))
        )
        if raised and exponent.is_Integer and exponent > 0:
            return rf"\left({self._print(base)}\right)^{{{self._print(exponent)}}}"
        if raised and exponent.is_Integer:
            return rf"\frac{{1}}{{{self._print(base**-exponent)}}}"
        return str(super()._print_Pow(expression))

    def _print_Derivative(self, expression: Any) -> str:
        below = " ".join(
            rf"\partial {self._print(variable)}" + (f"^{{{count}}}" if count != 1 else "")
            for variable, count in expression.variable_count
        )
        order = expression.derivative_count
        above = r"\partial" + (f"^{{{order}}}" if order != 1 else "")
        return rf"\frac{{{above}}}{{{below}}} \left({self._print(expression.expr)}\right)"

    def _print_Subs(self, expression: Any) -> str:
        variable, point = expression.variables[0], expression.point[0]
        return rf"\left[{self._print(expression.expr)}\right]_{{{variable}={point}}}"

    def _print_Expect(self, expression: Any, exp: Any = None) -> str:
        out = rf"\mathrm{{E}}\left[{self._print(expression.args[0])}\right]"
        return out if exp is None else rf"\left({out}\right)^{{{exp}}}"

    def _print_Indexed(self, expression: Any) -> str:
        name = str(expression.base)
        form = self.notation.get(name, f"{name.rstrip('_')}_{{}}")
        indices = ",".join(str(self._print(index)) for index in expression.indices)
        return form.replace("{}", f"{{{indices}}}" if form.endswith("_{}") else indices)

    def _print_Symbol(self, expression: Any, style: str = "plain") -> str:
        return self.notation.get(expression.name) or str(super()._print_Symbol(expression, style))

    def _print_Index(self, expression: Any) -> str:
        return str(expression.name)

    def _print_Dummy(self, expression: Any) -> str:
        return str(expression.name)

    def _print_Abs(self, expression: Any, exp: Any = None) -> str:
        out = rf"\left|{self._print(expression.args[0])}\right|"
        return out if exp is None else f"{out}^{{{exp}}}"

    def _print_KroneckerDelta(self, expression: Any, exp: Any = None) -> str:
        first, second = expression.args[:2]
        return rf"\delta_{{{self._print(first)},{self._print(second)}}}"

    def _print_Sum(self, expression: Any) -> str:
        signs = "".join(
            rf"\sum\limits_{{{self._print(index)}=1}}^{{{self._print(high)}}}"
            for index, _, high in expression.limits
        )
        body = str(self._print(expression.function))
        open_ = expression.function.is_Add or body.startswith("-")
        return signs + (rf"\left({body}\right)" if open_ else f" {body}")
