"""One page with all studies; needs jinja2, which is part of the extra ``study``."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from bnproof.spec.contents import THEOREMS
from bnproof.studies.study import Study


@dataclass(frozen=True)
class Result:
    """A study that was run: what was found, its picture as SVG, and the seed."""

    study: Study
    found: str
    svg: str
    seed: int


def page(results: Sequence[Result]) -> str:
    """The page, with the pictures in it: one file, no script, no network."""
    template = resources.files("bnproof.studies").joinpath("page.html.jinja").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    rows = [
        {
            "study": result.study,
            "found": result.found,
            "seed": result.seed,
            "picture": _inline(result.svg, result.study.name),
            "theorem": THEOREMS[result.study.theorem],
        }
        for result in results
    ]
    return environment.from_string(template).render(rows=rows)


def _inline(svg: str, name: str) -> Markup:
    """The element alone, its ids made those of this study: a page has one set of them."""
    text = svg[svg.index("<svg") :]
    for mark in ('id="', "#"):
        text = text.replace(mark + "m", f"{mark}{name}-m").replace(mark + "p", f"{mark}{name}-p")
    return Markup(text)  # noqa: S704  # made by matplotlib from our own text
