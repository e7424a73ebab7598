"""One page with all studies; needs jinja2, which is part of the extra ``study``."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, StrictUndefined

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
    """The page, with the pictures in it: one file, no script, no network.

    Pictures are images of their own, so that the ids in one do not meet those in another.
    """
    template = resources.files("bnproof.studies").joinpath("page.html.jinja").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    rows = [
        {
            "study": result.study,
            "found": result.found,
            "seed": result.seed,
            "picture": base64.b64encode(result.svg.encode()).decode("ascii"),
            "theorem": THEOREMS[result.study.theorem],
        }
        for result in results
    ]
    return environment.from_string(template).render(rows=rows)
