"""The specification as one static page: MathML, an embedded font, no script, no network.

Needs the extra ``html`` (jinja2, latex2mathml).
"""

import base64
import re
from collections.abc import Mapping
from html import escape, unescape
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from bnproof.spec.contents import CHAPTERS, TITLE
from bnproof.spec.programs import source
from bnproof.spec.publishing.badges import badge
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.line_breaks import pieces, width
from bnproof.spec.publishing.markdown import NO_RESULTS
from bnproof.spec.publishing.notation import COURSE, Notation
from bnproof.spec.publishing.prose import typeset
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.theorem import Theorem
from bnproof.spec.verification import Checked

WIDE = 24  # signs; a wider piece can be scrolled on a phone
FONT = "latin-modern-math-subset.woff2"


def page(notation: Notation = COURSE, results: Mapping[str, Checked] = NO_RESULTS) -> str:
    """The page; with results of checks, badges have counts and times."""
    loader = PackageLoader("bnproof.spec.publishing", "")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    chapters = [
        {
            "title": chapter.title,
            "introduction": chapter.introduction,
            "theorems": [_theorem(t, notation, results.get(t.id)) for t in chapter.theorems],
        }
        for chapter in CHAPTERS
    ]
    programs = "\n\n\n".join(source(name) for name in ("forward", "backward"))
    template = environment.get_template("page.html.jinja")
    return template.render(title=TITLE, chapters=chapters, programs=programs, font=font()) + "\n"


def font() -> str:
    """The font as the text of a data URI; GUST Font License, see latin-modern-math-license.txt."""
    data = resources.files("bnproof.spec.publishing").joinpath(FONT).read_bytes()
    return base64.b64encode(data).decode("ascii")


def mathml(tex: str) -> Markup:
    """A formula as MathML, without what a browser does not need."""
    text = convert(tex)
    text = re.sub(r'\s?(xmlns|display|stretchy|scriptlevel)="[^"]*"', "", text)
    text = re.sub(r"&#x[0-9A-F]+;", lambda found: escape(unescape(found[0])), text)
    return Markup(text)  # noqa: S704  # escaped by convert


def _theorem(theorem: Theorem, notation: Notation, result: Checked | None) -> dict[str, Any]:
    lines, before = [], None
    for claim in theorem.lines():
        lines.append(_line(claim, notation, goes_on=claim.left == before))
        before = claim.right
    prose = typeset(escape(theorem.statement), notation, lambda tex: str(mathml(unescape(tex))))
    return {
        "id": theorem.id,
        "title": theorem.title,
        "statement": Markup(prose),  # noqa: S704  # escaped above
        "lines": lines,
        "badge": badge(theorem, result),
    }


def _line(claim: Claim, notation: Notation, *, goes_on: bool) -> dict[str, Any]:
    """A claim in pieces, each a formula that may stand on a line of its own."""
    left = [] if goes_on else pieces(latex(claim.left, notation))
    right = pieces(latex(claim.right, notation))
    right[0] = f"= {right[0]}"
    return {
        "pieces": [(_displayed(mathml(p)), width(p) > WIDE) for p in left + right],
        "because": claim.because,
        "where": [_equal(name, value, notation) for name, value in claim.where],
        "given": [_equal(name, value, notation) for name, value in claim.given],
    }


def _displayed(formula: Markup) -> Markup:
    """With large signs and fractions, as on a line of its own."""
    text = str(formula).replace("<math>", '<math displaystyle="true">', 1)
    return Markup(text)  # noqa: S704  # escaped by convert


def _equal(name: Any, value: Any, notation: Notation) -> list[Markup]:
    right = pieces(latex(value, notation))
    return [mathml(f"{latex(name, notation)} = {right[0]}"), *map(mathml, right[1:])]
