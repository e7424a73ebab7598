"""Statements with their formulas typeset: what stands between backquotes becomes LaTeX."""

import re
from collections.abc import Callable

from bnproof.spec.publishing.notation import Notation

WORD = re.compile(r"[A-Za-z_]\w*")
NAMES = {
    "eps": r"\varepsilon",
    "xhat": "xhat",
    "alpha": r"\alpha",
    "J": "J",
    "E": r"\mathrm{E}",
    "Var": r"\mathrm{Var}",
    "sqrt": "sqrt",
    "sum": r"\sum ",
    "mean": r"\mathrm{mean}",
    "dgamma": r"d\gamma",
    "dbeta": r"d\beta",
    "gamma_3": r"\gamma_3",
    "kappa_4": r"\beta_2",
}


def typeset(statement: str, notation: Notation, formula: Callable[[str], str]) -> str:
    """A statement in which each `formula` is replaced by formula(its LaTeX).

    >>> from bnproof.spec.publishing.notation import PAPER
    >>> typeset("divided by `sqrt(var + eps)`", PAPER, lambda tex: f"${tex}$")
    'divided by $\\\\sqrt{\\\\sigma^2 + \\\\varepsilon}$'
    """
    parts = statement.split("`")
    return "".join(
        formula(to_latex(part, notation)) if number % 2 else part
        for number, part in enumerate(parts)
    )


def to_latex(text: str, notation: Notation) -> str:
    """A short formula in the small notation of statements as LaTeX."""
    text = re.sub(r"([A-Za-z]\w*)\[(\w)\]", lambda f: _array(f[1], f[2], notation), text)
    text = WORD.sub(lambda found: _name(found[0], notation, text, found.end()), text)
    text = re.sub(r"\*\*\(([^()]*)\)", r"^{\1}", text)
    text = re.sub(r"\*\*(\w+)", r"^{\1}", text)
    text = re.sub(r"sqrt\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"(\w|\})\^\{", r"\1^{", text)
    text = re.sub(r"<(?=\w)", r"\\langle ", text)
    text = re.sub(r"(?<=[\w)])>", r"\\rangle ", text)
    return text.replace("*", r" \, ").replace(" . ", r" \cdot ")


def _array(name: str, index: str, notation: Notation) -> str:
    form = notation.get(name)
    if form is None:
        return f"{name}[{index}]"
    return form.replace("{}", f"{{{index}}}" if form.endswith("_{}") else index)


def _name(name: str, notation: Notation, text: str, end: int) -> str:
    if end < len(text) and text[max(0, end - len(name) - 1)] == "\\":
        return name
    if name in NAMES and name != "xhat":
        return NAMES[name]
    form = notation.get(name)
    if form is None:
        return _subscripted(name)
    return form.replace("^{({})}", "").replace("_{}", "")


def _subscripted(name: str) -> str:
    head, _, low = name.partition("_")
    return f"{head}_{{{low}}}" if low else name
