"""Programs printed from the derived expressions, so that no formula is written a second time.

Each program comes in two spellings: over ``sequences`` (any sequence of float, Fraction or mpmath
numbers) and over ``arrays`` (NumPy, the first axis is the batch).  Both take the square root that
they use as an argument.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Expr, Sum, Symbol
from sympy.printing.pycode import PythonCodePrinter

from bnproof.spec.terms.language import (
    DEFINITIONS,
    fold,
    k,
    running_mean,
    running_var,
    y,
)
from bnproof.spec.theorems.backward import dbeta_formula, dgamma_formula, dx_formula
from bnproof.spec.theorems.network import frozen
from bnproof.spec.theorems.second_order import gradients_of_backward, of_inference

NAMES = (
    "forward",
    "backward",
    "inference",
    "running",
    "double_backward",
    "inference_double_backward",
)


@dataclass(frozen=True)
class Program:
    """What a program computes, and from what.

    Attributes:
        name: of the function.
        inputs: names of its arguments.
        outputs: by name, in order, an expression of the names that are computed before.
        statistics: whether mu, var, inv_std and xhat of x are computed first.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: Mapping[str, Expr]
    statistics: bool = True


@cache
def program(name: str) -> Program:
    """One of `NAMES`, from its derivation."""
    settings = ("gamma", "beta", "epsilon")
    if name == "forward":
        return Program(name, ("x", *settings), {"y": fold(y[k])})
    if name == "backward":
        outputs = {"dx": dx_formula(), "dgamma": dgamma_formula(), "dbeta": dbeta_formula()}
        return Program(name, ("x", "dy", "gamma", "epsilon"), outputs)
    if name == "double_backward":
        upstream = ("dy", "v", "ggG", "ggB")
        return Program(name, ("x", *upstream, "gamma", "epsilon"), gradients_of_backward())
    if name == "inference_double_backward":
        claims = dict(zip(("gdy", "ggamma", "gx"), of_inference.lines(), strict=True))
        outputs = {each: claims[each].sides()[1] for each in ("gx", "ggamma", "gdy")}
        inputs = ("x", "dy", "v", "ggG", "ggB", "gamma", "epsilon", "running_mean", "running_var")
        return Program(name, inputs, outputs, statistics=False)
    if name == "inference":
        statistics = ("running_mean", "running_var")
        return Program(name, ("x", *settings, *statistics), {"y": frozen(k)}, statistics=False)
    return Program(
        "running",
        ("x", "running_mean", "running_var", "momentum", "unbiased"),
        _running_outputs(),
    )


def _running_outputs() -> dict[str, Expr]:
    """One step in PyTorch's convention; ``unbiased`` is 1 or 0."""
    momentum, unbiased = Symbol("momentum"), Symbol("unbiased")
    count, mu, var = Symbol("m"), Symbol("mu"), Symbol("var")
    corrected = var * count / (count - unbiased)
    return {
        "new_mean": (1 - momentum) * running_mean + momentum * mu,
        "new_var": (1 - momentum) * running_var + momentum * corrected,
    }


def source(name: str, *, arrays: bool = False) -> str:
    """The text of a program.

    >>> print(source("forward"))
    def forward(x, gamma, beta, epsilon, *, sqrt, one=1):
        m = len(x)
        mu = sum(x[i] for i in range(m))/m
        var = sum((-mu + x[i])**2 for i in range(m))/m
        inv_std = one/sqrt(epsilon + var)
        xhat = [inv_std*(-mu + x[k]) for k in range(m)]
        y = [beta + gamma*xhat[k] for k in range(m)]
        return y
    """
    made = program(name)
    printer = _Printer(arrays=arrays)
    lines = [f"def {made.name}({', '.join(made.inputs)}, *, sqrt, one=1):"]
    lines.append(f"    m = {'x.shape[0]' if arrays else 'len(x)'}")
    if made.name == "running":
        steps = [("mu", DEFINITIONS["mu"]), ("var", DEFINITIONS["var"])]
    elif made.statistics:
        steps = [(n, DEFINITIONS[n]) for n in ("mu", "var", "inv_std")]
        steps.append(("xhat", DEFINITIONS["xhat"](k)))
    else:
        steps = []
    sums = sorted({s for e in made.outputs.values() for s in e.atoms(Sum)}, key=str)
    names = {each: Symbol(f"sum{number}") for number, each in enumerate(sums, 1)}
    steps += [(str(symbol), each) for each, symbol in names.items()]
    steps += [(label, e.xreplace(names)) for label, e in made.outputs.items()]
    lines += [f"    {label} = {printer.assigned(expression)}" for label, expression in steps]
    return "\n".join([*lines, f"    return {', '.join(made.outputs)}"])


def build(name: str, *, sqrt: Callable[[Any], Any], one: Any = 1, arrays: bool = False) -> Any:
    """A program as a function, with a square root and a number 1 of the kind that it is to use.

    >>> from fractions import Fraction
    >>> forward = build("forward", sqrt=lambda q: Fraction(2), one=Fraction(1))
    >>> forward([Fraction(-1), Fraction(1)], 1, 0, 3)
    [Fraction(-1, 2), Fraction(1, 2)]
    """
    scope: dict[str, Any] = {}
    exec(compile(source(name, arrays=arrays), f"<{name}>", "exec"), scope)  # noqa: S102  # our text
    function = scope[name]
    return lambda *arguments: function(*arguments, sqrt=sqrt, one=one)


class _Printer(PythonCodePrinter):  # type: ignore[misc]  # SymPy has no types
    """Python with sums as generator expressions or as NumPy sums over the first axis."""

    def __init__(self, *, arrays: bool) -> None:
        super().__init__({"fully_qualified_modules": False})
        self.arrays = arrays

    def assigned(self, expression: Expr) -> str:
        """The text of an expression, as a list over the batch where it depends on k."""
        text = str(self.doprint(_with_plain_indices(expression)))
        if expression.has(k) and not self.arrays:
            return f"[{text} for k in range(m)]"
        return text

    def _print_Sum(self, expression: Sum) -> str:
        ((index, _, _),) = expression.limits
        body = self._print(expression.function)
        if self.arrays:
            return f"({body}).sum(0)"
        return f"sum({body} for {self._print(index)} in range(m))"

    def _print_Indexed(self, expression: Any) -> str:
        if self.arrays:
            return str(expression.base)
        return f"{expression.base}[{self._print(expression.indices[0])}]"

    def _print_Pow(self, expression: Any, rational: bool = False) -> str:
        text = str(self._hprint_Pow(expression, rational=rational, sqrt="sqrt"))
        return text.replace("1/sqrt", "one/sqrt")

    def _print_Rational(self, expression: Any) -> str:
        return f"(one*{expression.p}/{expression.q})"


def _with_plain_indices(expression: Expr) -> Expr:
    """Bound indices named i."""
    return expression.replace(
        lambda part: isinstance(part, Sum),
        lambda part: Sum(
            part.function.xreplace({part.limits[0][0]: Symbol("i")}),
            (Symbol("i"), 1, part.limits[0][2]),
        ),
    )
