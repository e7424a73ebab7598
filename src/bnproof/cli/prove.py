"""``bnproof prove``: a formula of one's own, proved or refuted."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bnproof.spec.proof import Verdict

QUANTITIES = ("dx", "dgamma", "dbeta", "y", "xhat", "mu", "var", "inv_std")
NOT_UNDERSTOOD = 2


@click.command()
@click.argument("formula")
@click.option(
    "--for",
    "quantity",
    type=click.Choice(QUANTITIES),
    help="What the formula is meant to be; without it, FORMULA is an equation.",
)
def prove(formula: str, quantity: str | None) -> int:
    """Prove FORMULA for every number of samples, or refute it with numbers.

    \b
    bnproof prove "gamma*inv_std*(dy[k] - mean(dy) - xhat[k]*mean(dy*xhat))" --for dx
    bnproof prove "sum(xhat) = 0"

    Names: m, x, xhat, y, dy, mu, var, inv_std, eps, gamma, beta, and dx, dgamma, dbeta. dy[k] is
    the sample that dx is asked for; sum(...) and mean(...) run over the samples of the arrays
    inside.

    Exit status: 0 proved, 1 refuted, 2 not understood or not decided.
    """
    from bnproof.spec.formula import FormulaError  # SymPy takes a second

    try:
        verdict, left, right = _verdict(formula, quantity)
    except FormulaError as error:
        click.echo(error.pointed(), err=True)
        return NOT_UNDERSTOOD
    for line in _told(verdict, left, right, quantity):
        click.echo(line)
    if not verdict.decided:
        return NOT_UNDERSTOOD
    return 0 if verdict.proved else 1


def _verdict(formula: str, quantity: str | None) -> tuple["Verdict", Any, Any]:
    from bnproof.spec import proof  # SymPy takes a second
    from bnproof.spec.formula import FormulaError, parse, parse_sides  # likewise

    if quantity is not None:
        right = parse(formula)
        return proof.prove(right, quantity), proof.QUANTITIES[quantity], right
    sides = parse_sides(formula)
    if len(sides) == 1:
        message = "what it should equal is missing: add --for dx, or write an equation with ="
        raise FormulaError(message, formula, len(formula))
    return proof.prove_equation(*sides), *sides


def _told(verdict: "Verdict", left: Any, right: Any, quantity: str | None) -> list[str]:
    from bnproof.spec.publishing.plain import plain  # SymPy takes a second

    name = {"dx": "dx[k]", "y": "y[k]", "xhat": "xhat[k]"}.get(quantity or "", quantity)
    equation = f"{name or plain(left)} = {plain(right)}"
    if verdict.proved:
        return [f"proved for every m, and all values, in {verdict.seconds:.2f} s: {equation}"]
    found = verdict.counterexample
    if found is None:
        return [f"not decided: {equation} holds for the numbers tried, and is not proved"]
    return [f"refuted: {equation}", *_numbers(found, name or "the left side"), *_mistake(verdict)]


def _numbers(found: Any, name: str) -> list[str]:
    from bnproof.spec.proof import given  # SymPy takes a second

    numbers = given(found)
    shown = (
        f"{'eps' if n == 'epsilon' else n} = {', '.join(map(str, values))}"
        for n, values in numbers.items()
    )
    sample = " of the first sample" if "[k]" in name else ""
    return [
        f"  with m = {len(numbers.get('x', numbers.get('dy', [])))}: {'; '.join(shown)}",
        f"  {name.replace('[k]', '')}{sample} is {_value(found.left)}",
        f"  your formula gives {_value(found.right)}",
    ]


def _value(value: Any) -> str:
    return str(value) if value.is_Rational else f"{value} = {float(value):.6g}"


def _mistake(verdict: "Verdict") -> list[str]:
    known = verdict.mistake
    return [] if known is None else [f"  known mistake: {known.title} ({known.source})"]
