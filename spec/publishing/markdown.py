"""The specification as Markdown, with formulas between dollar signs."""

from collections.abc import Iterator, Mapping

from bnproof.spec.contents import CHAPTERS, TITLE
from bnproof.spec.programs import source
from bnproof.spec.publishing.badges import badge
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.notation import PAPER, Notation
from bnproof.spec.publishing.prose import typeset
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.theorem import Theorem
from bnproof.spec.verification import Checked

NO_RESULTS: Mapping[str, Checked] = {}


def markdown(notation: Notation = PAPER, results: Mapping[str, Checked] = NO_RESULTS) -> str:
    """The whole text; with results of checks, badges have counts and times."""
    blocks = [f"# {TITLE}"]
    for number, chapter in enumerate(CHAPTERS, 1):
        blocks += [f"## {number}. {chapter.title}", chapter.introduction]
        for theorem in chapter.theorems:
            blocks += section(theorem, notation, results.get(theorem.id))
    blocks += ["## The program", "Printed from the same expressions.", program()]
    return "\n\n".join(block for block in blocks if block) + "\n"


def section(theorem: Theorem, notation: Notation, result: Checked | None) -> Iterator[str]:
    """A theorem: title, statement, lines, and how it was checked."""
    yield f"### {theorem.title}"
    yield typeset(theorem.statement, notation, lambda tex: f"${tex}$")
    before = None
    for claim in theorem.lines():
        goes_on, before = claim.left == before, claim.right
        yield equation(claim, notation, goes_on=goes_on)
        yield " ".join(remarks(claim, notation))
    yield f"*{badge(theorem, result)}* (`{theorem.id}`)"


def equation(claim: Claim, notation: Notation, *, goes_on: bool) -> str:
    """A claim as a displayed formula; one that goes on begins with the sign of equality."""
    left = "" if goes_on else latex(claim.left, notation)
    return f"$$\n{left} = {latex(claim.right, notation)}\n$$"


def remarks(claim: Claim, notation: Notation) -> Iterator[str]:
    """The reason, the hypotheses and the names of a claim."""
    if claim.because:
        yield f"— {claim.because}."
    for name, expression in claim.where:
        yield f"Here ${latex(name, notation)} = {latex(expression, notation)}$."
    if claim.given:
        given = ", ".join(f"${latex(e, notation)} = {latex(v, notation)}$" for e, v in claim.given)
        yield f"Given {given}."


def program() -> str:
    """The programs of training, forward and backward."""
    return "```python\n" + "\n\n\n".join(source(n) for n in ("forward", "backward")) + "\n```"
