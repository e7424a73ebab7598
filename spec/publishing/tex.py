"""The specification as a LaTeX document."""

from collections.abc import Mapping

from bnproof.spec.contents import CHAPTERS, TITLE
from bnproof.spec.programs import source
from bnproof.spec.publishing.badges import badge
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.markdown import NO_RESULTS
from bnproof.spec.publishing.notation import PAPER, Notation
from bnproof.spec.publishing.prose import typeset
from bnproof.spec.verification import Checked

HEAD = r"""\documentclass{article}
\usepackage{amsmath,amssymb,breqn}
\usepackage[margin=25mm]{geometry}
\begin{document}
"""


def document(notation: Notation = PAPER, results: Mapping[str, Checked] = NO_RESULTS) -> str:
    """The whole text; long formulas are broken by the breqn package."""
    out = [HEAD, rf"\title{{{TITLE}}}\date{{}}\maketitle\tableofcontents"]
    for chapter in CHAPTERS:
        out += [rf"\section{{{chapter.title}}}", _escaped(chapter.introduction)]
        for theorem in chapter.theorems:
            out.append(rf"\subsection{{{_escaped(theorem.title)}}}")
            out.append(typeset(theorem.statement, notation, lambda tex: f"${tex}$"))
            before = None
            for claim in theorem.lines():
                left = "" if claim.left == before else latex(claim.left, notation)
                before = claim.right
                right = latex(claim.right, notation)
                out.append(rf"\begin{{dmath*}}{left} = {right}\end{{dmath*}}")
                if claim.because:
                    out.append(rf"\noindent ({_escaped(claim.because)})")
            out.append(rf"\emph{{{_escaped(badge(theorem, results.get(theorem.id)))}}}")
    out += [
        r"\section{The program}",
        r"\begin{verbatim}",
        source("forward"),
        "",
        source("backward"),
    ]
    return "\n".join([*out, r"\end{verbatim}", r"\end{document}", ""])


def _escaped(text: str) -> str:
    """Prose in which no sign has a meaning."""
    for sign in "%_&#":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("^", r"\^{}")
