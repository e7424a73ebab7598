"""Pictures in files, as PNG and SVG; needs matplotlib, which is part of the extra ``study``."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bnproof.studies.study import Numbers, Study

STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.dpi": 110,
    "grid.alpha": 0.25,
    "legend.framealpha": 0.85,
    "svg.hashsalt": "bnproof",  # ids in an SVG are otherwise made at random
}


def picture(study: Study, numbers: Numbers) -> Figure:
    """The picture of a study, on no screen."""
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE}):
        figure = Figure(figsize=study.size, layout="constrained")
        FigureCanvasAgg(figure)
        study.draw(numbers, figure)
        figure.suptitle(study.title, fontsize=13)
    return figure


def svg_of(figure: Figure) -> str:
    """A figure as SVG, without a date, so that the same numbers give the same text."""
    out = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def written(study: Study, figure: Figure, folder: Path) -> tuple[Path, Path]:
    """Write the picture as PNG and as SVG to a folder that exists; return both paths."""
    png, svg = (folder / f"{study.name}.{ending}" for ending in ("png", "svg"))
    figure.savefig(png)
    svg.write_text(svg_of(figure), encoding="utf-8", newline="\n")
    return png, svg
