"""``bnproof study``: experiments to run and to look at."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bnproof.studies.study import Study
    from bnproof.studies.study_page import Result

FOLDER = "bnproof-studies"
NEEDED = "pip install 'bnproof[study]'"


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the studies, two lines each, and exit.")
@click.option("--all", "everything", is_flag=True, help="Run all, and write a page with them.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(FOLDER),
    show_default=True,
    help="Folder for the pictures; it is made if it is not there.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all chance.")
def study(name: str | None, listed: bool, everything: bool, output: Path, seed: int) -> int:
    """Run study NAME, tell what it found, and draw it as PNG and SVG.

    \b
    bnproof study --list
    bnproof study batch-noise
    bnproof study --all -o pictures
    """
    from bnproof.studies.catalogue import STUDIES  # NumPy takes time

    if listed:
        for each in STUDIES.values():
            click.echo(f"{each.name}\n    {each.claim}")
        return 0
    if everything == (name is not None):
        raise click.UsageError("due is NAME or --all; `bnproof study --list` has the names")
    if name is not None and name not in STUDIES:
        from bnproof.engine.wording.text import suggestion  # only after a slip

        hint = suggestion(name, list(STUDIES))
        raise click.BadParameter(
            f"{name!r} is no study{hint}; `bnproof study --list` has them", param_hint="NAME"
        )
    _prepare(output)
    chosen = list(STUDIES.values()) if name is None else [STUDIES[name]]
    results = [_run(each, output, seed) for each in chosen]
    if everything:
        _write_page(results, output)
    return 0


def _prepare(folder: Path) -> None:
    """Find out what is missing before anything is computed."""
    try:
        import jinja2  # noqa: F401  # an extra, with the next one
        import matplotlib as mpl  # noqa: F401  # whether it is installed
    except ImportError as error:
        raise click.UsageError(f"study needs {error.name}: {NEEDED}") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{folder}: {error.strerror}", param_hint="-o") from None


def _run(study: "Study", folder: Path, seed: int) -> "Result":
    """Run one study, draw it, and tell of it."""
    from bnproof.report.progress import progress_on  # rich takes time
    from bnproof.studies.pictures import picture, svg_of, written  # matplotlib
    from bnproof.studies.study_page import Result  # likewise

    with progress_on(sys.stderr) as advance:
        numbers = study.run(
            seed, lambda done, total, text: advance(done, total, f"{study.name}: {text}")
        )
    figure = picture(study, numbers)
    try:
        paths = written(study, figure, folder)
    except OSError as error:
        raise click.BadParameter(f"{folder}: {error.strerror}", param_hint="-o") from None
    found = study.found(numbers)
    for title, text in (("claim", study.claim), ("found", found), ("see", study.see)):
        click.echo(_paragraph(title, text))
    click.echo(_paragraph("theorem", f"{study.theorem} (bnproof derive {study.theorem})"))
    click.echo(_paragraph("files", ", ".join(map(str, paths))) + "\n")
    return Result(study, found, svg_of(figure), seed)


def _paragraph(title: str, text: str) -> str:
    from textwrap import fill  # beside the others

    return fill(f"{title:<8} {text}", 88, subsequent_indent=" " * 9)


def _write_page(results: "list[Result]", folder: Path) -> None:
    from bnproof.studies.study_page import page  # SymPy, for the theorems' statements

    path = folder / "index.html"
    path.write_text(page(results), encoding="utf-8", newline="\n")
    click.echo(f"all of them: {path}")
