"""A reader's own formula: a small notation, parsed and never executed.

Names are m, x, xhat, y, dy, mu, var, inv_std, eps, gamma, beta, and the derived dx, dgamma
and dbeta. ``dy[k]`` is the sample that dx is asked for, and so is a plain ``dy`` outside of
sums; ``sum(...)`` and ``mean(...)`` run over the samples of the arrays inside.  There are ``+ - *
/ ** ^``, ``sqrt(...)`` and parentheses, and ``=`` between the two sides of an equation.

>>> parse("gamma*inv_std*(dy[k] - mean(dy))")
gamma*inv_std*(dy[k] - Sum(dy[_i], (_i, 1, m))/m)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Rational, sqrt

from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.language import beta, dy, eps, gamma, inv_std, k, m, mu, var, x, xhat, y
from bnproof.spec.theorems.backward import at, dbeta_formula, dgamma_formula, dx_formula

ARRAYS: dict[str, Callable[[Any], Expr]] = {
    "x": lambda i: x[i],
    "xhat": lambda i: xhat[i],
    "y": lambda i: y[i],
    "dy": lambda i: dy[i],
    "dx": lambda i: at(dx_formula(), i),
}
SCALARS = {
    "m": m,
    "mu": mu,
    "var": var,
    "inv_std": inv_std,
    "eps": eps,
    "gamma": gamma,
    "beta": beta,
}
GRADIENTS = {"dgamma": dgamma_formula, "dbeta": dbeta_formula}
LONGEST, DEEPEST, HIGHEST = 4000, 100, 20
"""Limits on a formula's length, its parentheses, and its exponents."""

FUNCTIONS = ("sum", "mean", "sqrt")
TOKEN = re.compile(r"\s*(\d+\.\d+|\d+|[A-Za-z_]\w*|\*\*|[-+*/^()\[\]=])")


class FormulaError(ValueError):
    """A formula that is not understood.

    Attributes:
        at: where in the text, counted from 0.
    """

    def __init__(self, message: str, text: str, at: int) -> None:
        super().__init__(message)
        self.text, self.at = text, at

    def pointed(self) -> str:
        """The message under the text, with a caret at the place.

        >>> print(FormulaError("there is no dz", "2*dz", 2).pointed())
        2*dz
          ^ there is no dz
        """
        return f"{self.text}\n{' ' * self.at}^ {self}"


def parse(text: str) -> Expr:
    """A formula as an expression; raises FormulaError, which says where and what was due."""
    sides = parse_sides(text)
    if len(sides) != 1:
        raise FormulaError("an equation; a formula without = is due", text, text.index("="))
    return sides[0]


def parse_sides(text: str) -> list[Expr]:
    """The two sides of an equation, or the one formula that there is."""
    parser = _Parser(text)
    sides = [parser.sum()]
    if parser.take("="):
        sides.append(parser.sum())
    parser.end()
    return sides


@dataclass(frozen=True)
class _Token:
    text: str
    at: int


class _Parser:
    """Recursive descent, one method for each level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.index: Any = k  # what a plain array is taken at

    def sum(self) -> Expr:
        """Products with + and - between them."""
        found = self.product()
        while sign := self.take("+", "-"):
            term = self.product()
            found = found + term if sign == "+" else found - term
        return found

    def product(self) -> Expr:
        """Factors with * and / between them."""
        found = self.factor()
        while sign := self.take("*", "/"):
            at = self.peek().at
            other = self.factor()
            if sign == "/" and other == 0:
                self.fail("division by zero", at)
            found = found * other if sign == "*" else found / other
        return found

    def factor(self) -> Expr:
        """A signed power."""
        if self.take("-"):
            return -self.factor()
        self.take("+")
        base = self.atom()
        if self.take("**", "^"):
            at = self.peek().at
            exponent = self.factor()
            if not exponent.is_Rational or abs(exponent) > HIGHEST:
                self.fail(f"an exponent has to be a number, at most {HIGHEST}", at)
            return base**exponent
        return base

    def atom(self) -> Expr:
        """A number, a name, a function, or something in parentheses."""
        token = self.next("a number, a name or (")
        if token.text == "(":
            self.depth += 1
            if self.depth > DEEPEST:
                self.fail(f"more than {DEEPEST} parentheses within each other", token.at)
            found = self.sum()
            self.depth -= 1
            self.need(")")
            return found
        if token.text[0].isdigit():
            return Rational(token.text)
        if token.text in FUNCTIONS:
            return self.function(token.text)
        if token.text in SCALARS:
            return SCALARS[token.text]
        if token.text in GRADIENTS:
            return GRADIENTS[token.text]()
        if token.text in ARRAYS:
            return self.array(token.text)
        if token.text[0].isalpha() or token.text[0] == "_":
            known = ", ".join((*SCALARS, *GRADIENTS, *ARRAYS, *FUNCTIONS))
            self.fail(f"there is no {token.text}; there are {known}", token.at)
        self.fail(f"a number, a name or ( is due, not {token.text}", token.at)
        raise AssertionError  # fail raises

    def function(self, name: str) -> Expr:
        """sum, mean and sqrt of what follows in parentheses."""
        self.need("(")
        if name == "sqrt":
            found = sqrt(self.sum())
            self.need(")")
            return found
        start, outer = self.position, self.index

        def term(i: Any) -> Expr:
            self.position, self.index = start, i
            return self.sum()

        found = over(m, term)
        self.index = outer
        self.need(")")
        return found / m if name == "mean" else found

    def array(self, name: str) -> Expr:
        """An array at [k], or at the index of the sum that it is in."""
        if not self.take("["):
            return ARRAYS[name](self.index)
        token = self.next("k")
        if token.text != "k":
            self.fail(f"{name}[k] is the only sample with a name, not [{token.text}]", token.at)
        self.need("]")
        return ARRAYS[name](k)

    # --- tokens ---------------------------------------------------------------------------

    def peek(self) -> _Token:
        """The next token, or an empty one at the end."""
        end = _Token("", len(self.text))
        return self.tokens[self.position] if self.position < len(self.tokens) else end

    def take(self, *texts: str) -> str:
        """The next token if it is one of these, else nothing."""
        token = self.peek()
        if token.text and token.text in texts:
            self.position += 1
            return token.text
        return ""

    def next(self, due: str) -> _Token:
        """The next token, whatever it is."""
        token = self.peek()
        if not token.text:
            self.fail(f"{due} is due, not the end", token.at)
        self.position += 1
        return token

    def need(self, text: str) -> None:
        """One token, and no other."""
        token = self.peek()
        if not self.take(text):
            self.fail(f"{text} is due, not {token.text or 'the end'}", token.at)

    def end(self) -> None:
        """No more tokens."""
        token = self.peek()
        if token.text:
            self.fail(f"an operator or the end is due, not {token.text}", token.at)

    def fail(self, message: str, at: int) -> None:
        """Raise FormulaError."""
        raise FormulaError(message, self.text, at)


def _tokens(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise FormulaError(f"too long; {LONGEST} signs are the most", text, LONGEST)
    if not text.isascii():
        at = next(i for i, character in enumerate(text) if not character.isascii())
        raise FormulaError(f"{text[at]} is not of the notation", text, at)
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        found = TOKEN.match(text, position)
        if found is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise FormulaError(f"{text[at]} is not of the notation", text, at)
        tokens.append(_Token(found[1], found.start(1)))
        position = found.end()
    return tokens
