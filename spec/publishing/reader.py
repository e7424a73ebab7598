r"""Reading printed formulas back: what a reader sees has to have the value that was proved.

An evaluator of the LaTeX that `bnproof.spec.publishing.latex` prints, by ordinary reading rules and
without that printer's code: a sum reaches to the next + or - of its own level, a derivative
applies to the parentheses behind it.  Sums are written out for a small number of
samples, derivatives are those of explicit expressions, and expectations are enumerated over
the throws of a loaded die.
"""

import re
from collections.abc import Callable, Mapping
from itertools import product

from sympy import Abs, Expr, Integer, Mul, Rational, root, sqrt

from bnproof.spec.terms.language import X
from bnproof.spec.theorems.population import CHANCES, FACES

Value = Callable[[Mapping[str, int]], Expr]
"""A piece of a formula, waiting for the numbers of its bound indices."""

INDEX = re.compile(r"[a-zA-Z]+(?:\^\{(?:\\prime\s*)+\}|'+)?")
NUMBER = re.compile(r"\d+")
STOPS = ("+", "-", "}", r"\right", ",", "]", ")")


class ReadingError(ValueError):
    """A formula that cannot be read."""


class Reader:
    """Reads one formula.

    Attributes:
        arrays: by (text before the index, text behind it), the value at some indices.
        symbols: by text, the value of a symbol.
        samples: how many there are.
    """

    def __init__(
        self,
        arrays: Mapping[tuple[str, str], Callable[..., Expr]],
        symbols: Mapping[str, Expr],
        samples: int,
    ) -> None:
        self.arrays = sorted(arrays.items(), key=lambda item: -len(item[0][0]))
        self.symbols = sorted(symbols.items(), key=lambda item: -len(item[0]))
        self.samples = samples
        self.text, self.at = "", 0

    def read(self, text: str, indices: Mapping[str, int]) -> Expr:
        """The value of a formula, given those of its free indices."""
        self.text, self.at = text, 0
        value = self.sum()
        self._space()
        if self.at != len(text):
            raise ReadingError(f"unread: {text[self.at :]!r}")
        try:
            return value(indices)
        except KeyError as error:
            raise ReadingError(f"the index {error} is not bound") from None

    # --- levels ---------------------------------------------------------------------------

    def sum(self) -> Value:
        """Terms with + and - between them."""
        parts = [(-1 if self.take("-") else 1, self.term())]
        while sign := self.take("+", "-"):
            parts.append((1 if sign == "+" else -1, self.term()))
        return lambda env: sum((s * part(env) for s, part in parts), Integer(0))

    def term(self) -> Value:
        """Factors side by side, up to the end of this level."""
        factors: list[Value] = []
        while not self._stops():
            factors.append(self.summation() or self.derivative() or self.power())
        if not factors:
            raise ReadingError(f"nothing at {self.text[self.at :]!r}")
        return lambda env: Mul(*(factor(env) for factor in factors))

    def summation(self) -> Value | None:
        r"""\sum\limits_{i=1}^{m} and the rest of the term."""
        if not self.take(r"\sum\limits_{"):
            return None
        index = self.word()
        self.need("=1}^{")
        high = self.sum()
        self.need("}")
        body = self.term()
        return lambda env: sum(
            (body({**env, index: i}) for i in range(1, int(high(env)) + 1)), Integer(0)
        )

    def derivative(self) -> Value | None:
        r"""\frac{\partial}{\partial x} \left( ... \right)."""
        if not self.take(r"\frac{\partial"):
            return None
        if self.take("^{"):
            self.number()
            self.need("}")
        self.need("}{")
        variables = []
        while self.take(r"\partial"):
            variable, count = self.atom(), 1
            if self.take("^{"):
                count = int(self.number())
                self.need("}")
            variables.append((variable, count))
        self.need("}")
        inner = self.parenthesis()
        return lambda env: inner(env).diff(*((v(env), count) for v, count in variables))

    def power(self) -> Value:
        """An atom, perhaps with an exponent."""
        base = self.atom()
        if self.take("^{"):
            exponent = self.sum()
            self.need("}")
            return lambda env: base(env) ** exponent(env)
        return base

    def atom(self) -> Value:
        """What has no operator outside of braces."""
        for form, read in (
            (r"\frac{", self.fraction),
            (r"\sqrt[", self.root),
            (r"\sqrt{", self.square_root),
            (r"\mathrm{E}\left[", self.expectation),
            (r"\left[", self.substitution),
            (r"\left|", self.absolute),
            (r"\delta_{", self.delta),
        ):
            if self.take(form):
                return read()
        if self._at(r"\left("):
            return self.parenthesis()
        self._space()
        if NUMBER.match(self.text, self.at):
            value = Integer(self.number())
            return lambda _: value
        return self.name()

    def name(self) -> Value:
        """An array with its index, a symbol, or the number of an index."""
        for (before, behind), at in self.arrays:
            if self.take(before):
                indices = [self.sum()]
                while self.take(","):
                    indices.append(self.sum())
                self.need(behind)
                return lambda env: at(*(int(i(env)) for i in indices))
        for text, value in self.symbols:
            if self.take(text):
                return lambda _: value
        word = self.word()
        return lambda env: Integer(env[word])

    # --- forms ----------------------------------------------------------------------------

    def fraction(self) -> Value:
        """a}{b}."""
        above = self.sum()
        self.need("}{")
        below = self.sum()
        self.need("}")
        return lambda env: above(env) / below(env)

    def square_root(self) -> Value:
        """a}."""
        inner = self.sum()
        self.need("}")
        return lambda env: sqrt(inner(env))

    def root(self) -> Value:
        """n]{a}."""
        degree = int(self.number())
        self.need("]{")
        inner = self.sum()
        self.need("}")
        return lambda env: root(inner(env), degree)

    def parenthesis(self) -> Value:
        r"""\left( a \right)."""
        self.need(r"\left(")
        inner = self.sum()
        self.need(r"\right)")
        return inner

    def absolute(self) -> Value:
        r"""a \right|."""
        inner = self.sum()
        self.need(r"\right|")
        return lambda env: Abs(inner(env))

    def substitution(self) -> Value:
        r"""a \right]_{t=0}."""
        inner = self.sum()
        self.need(r"\right]_{")
        variable = self.atom()
        self.need("=")
        point = self.sum()
        self.need("}")
        return lambda env: inner(env).xreplace({variable(env): point(env)})

    def delta(self) -> Value:
        """k,l}."""
        first = self.sum()
        self.need(",")
        second = self.sum()
        self.need("}")
        return lambda env: Integer(first(env) == second(env))

    def expectation(self) -> Value:
        r"""a \right], over all outcomes of throwing the die once for each sample."""
        inner = self.sum()
        self.need(r"\right]")

        def value(env: Mapping[str, int]) -> Expr:
            found, expected = inner(env), Integer(0)
            for outcome in product(range(len(FACES)), repeat=self.samples):
                chance = Mul(*(Rational(CHANCES[face]) for face in outcome))
                throws = {X[i]: Rational(FACES[face]) for i, face in enumerate(outcome, 1)}
                expected += chance * found.xreplace(throws)
            return expected

        return value

    # --- text -----------------------------------------------------------------------------

    def take(self, *words: str) -> str:
        """The next word, if it is one of these."""
        for word in words:
            if self._at(word):
                self.at += len(word)
                return word
        return ""

    def need(self, word: str) -> None:
        """One word, and no other."""
        if not self.take(word):
            raise ReadingError(f"{word!r} is due at {self.text[self.at : self.at + 30]!r}")

    def number(self) -> str:
        """Digits."""
        self._space()
        found = NUMBER.match(self.text, self.at)
        if found is None:
            raise ReadingError(f"a number is due at {self.text[self.at : self.at + 30]!r}")
        self.at = found.end()
        return found[0]

    def word(self) -> str:
        """The name of an index."""
        self._space()
        found = INDEX.match(self.text, self.at)
        if found is None:
            raise ReadingError(f"a name is due at {self.text[self.at : self.at + 30]!r}")
        self.at = found.end()
        return found[0]

    def _stops(self) -> bool:
        self._space()
        return self.at >= len(self.text) or any(self._at(word) for word in STOPS)

    def _at(self, word: str) -> bool:
        self._space()
        return self.text.startswith(word, self.at)

    def _space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1
