"""Proving or refuting a reader's own formula, and naming the mistake where it is a known one."""

import time
from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Expr

from bnproof.spec.formula import parse
from bnproof.spec.instances import Instance, instance
from bnproof.spec.refutation import MISTAKES, Mistake
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import LOSS, beta, gamma, inv_std, k, mu, var, x, xhat, y

QUANTITIES: dict[str, Expr] = {
    "dx": Derivative(LOSS, x[k]),
    "dgamma": Derivative(LOSS, gamma),
    "dbeta": Derivative(LOSS, beta),
    "y": y[k],
    "xhat": xhat[k],
    "mu": mu,
    "var": var,
    "inv_std": inv_std,
}
"""What a formula can be for."""

SIZES = (2, 3, 4, 5)
SEEDS = range(4)


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes:
        proved: the two sides are equal for every m and all values.
        counterexample: numbers for which they are not; None if it is proved, or undecided.
        mistake: the known mistake that the formula is, if it is one.
        seconds: time taken.
    """

    proved: bool
    counterexample: Instance | None
    mistake: Mistake | None
    seconds: float

    @property
    def decided(self) -> bool:
        """Whether it is proved or refuted."""
        return self.proved or self.counterexample is not None


def prove(formula: str | Expr, quantity: str) -> Verdict:
    """Prove that a formula is the quantity, for every m, or refute it with numbers.

    The formula is a text in the notation of `bnproof.spec.formula`, or a SymPy expression in the
    names of `bnproof.spec.terms.language`.  Raises FormulaError, and KeyError for no quantity of
    `QUANTITIES`.

    >>> prove("gamma*inv_std*(dy - mean(dy) - xhat*mean(dy*xhat))", "dx").proved
    True
    >>> prove("gamma*inv_std*(dy - mean(dy))", "dx").mistake.id
    'variance-path-missing'
    """
    right = parse(formula) if isinstance(formula, str) else formula
    verdict = prove_equation(QUANTITIES[quantity], right)
    if verdict.proved:
        return verdict
    known = next((e for e in MISTAKES if e.quantity == quantity and _is(e, right)), None)
    return Verdict(False, verdict.counterexample, known, verdict.seconds)


def prove_equation(left: Expr, right: Expr) -> Verdict:
    """Prove that two expressions are equal, for every m, or refute it with numbers."""
    began = time.perf_counter()
    claim = Claim(left, right)
    if claim.holds():
        return Verdict(True, None, None, time.perf_counter() - began)
    found = _counterexample(claim)
    return Verdict(False, found, None, time.perf_counter() - began)


def _counterexample(claim: Claim) -> Instance | None:
    for size in SIZES:
        for seed in SEEDS:
            tried = instance(claim, size, seed=seed)
            if tried.gap != 0:
                return tried
    return None


def _is(mistake: Mistake, formula: Expr) -> bool:
    return Claim(formula, mistake.claim().right).holds()


def given(found: Instance) -> dict[str, list[Any]]:
    """The numbers of a counterexample by name, arrays in order.

    >>> verdict = prove("dy", "dx")
    >>> sorted(given(verdict.counterexample))
    ['dy', 'epsilon', 'gamma', 'x']
    """
    numbers: dict[str, list[Any]] = {}
    for atom in sorted(found.values, key=_order):
        base = getattr(atom, "base", None)
        name = str(atom) if base is None else str(base)
        numbers.setdefault(name, []).append(found.values[atom])
    return numbers


def _order(atom: Any) -> tuple[str, int]:
    indices = getattr(atom, "indices", ())
    return (str(getattr(atom, "base", atom)), int(indices[0]) if indices else 0)
