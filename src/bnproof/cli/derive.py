"""``bnproof derive``: the derivation, in a terminal or as a document."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnproof.cli.output import write_to_stdout

if TYPE_CHECKING:
    from bnproof.spec.terms.theorem import Theorem
    from bnproof.spec.verification import Checked

FORMATS = ("html", "md", "latex", "ipynb")


@click.command()
@click.argument("theorem", required=False)
@click.option("--list", "listed", is_flag=True, help="List the theorems, a line each, and exit.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Write a document.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the document.")
@click.option(
    "--notation",
    type=click.Choice(("course", "paper")),
    default="paper",
    show_default=True,
    help="z^(i), z_norm, or x_i, xhat.",
)
@click.option("--check", "checks", is_flag=True, help="Check everything first, and say how.")
def derive(  # one argument for each option
    theorem: str | None,
    listed: bool,
    form: str | None,
    output: Path | None,
    notation: str,
    checks: bool,
) -> int:
    """Show the derivation of batch normalization, or THEOREM, which is proved again.

    \b
    bnproof derive dx-closed-form
    bnproof derive --format html -o derivation.html
    """
    from bnproof.spec.titles import titles  # only for this verb

    if listed:
        width = max(map(len, titles()))
        for id_, title in titles().items():
            click.echo(f"{id_:<{width}}  {title}")
        return 0
    if theorem is not None and theorem not in titles():
        from bnproof.engine.wording.text import suggestion  # only after a slip

        hint = suggestion(theorem, list(titles()))
        raise click.BadParameter(
            f"{theorem!r} is no theorem{hint}; `bnproof derive --list` has them",
            param_hint="THEOREM",
        )
    if form is not None:
        return _write(form, output, notation, checks=checks)
    if theorem is not None:
        from bnproof.spec.contents import THEOREMS  # SymPy takes a second

        return _show(THEOREMS[theorem], course=notation == "course")
    return _show_all(course=notation == "course")


def _show(theorem: "Theorem", *, course: bool) -> int:
    """A theorem, checked in all ways while the reader looks."""
    from bnproof.spec.publishing.badges import badge, checked  # SymPy

    for line in _lines(theorem, course=course):
        click.echo(line)
    click.echo(f"\n{badge(theorem, checked([theorem])[theorem.id])}")
    return 0


def _show_all(*, course: bool) -> int:
    from bnproof.spec.contents import CHAPTERS, TITLE  # SymPy takes a second

    def text() -> Iterator[str]:
        yield f"{TITLE}\n\n"
        for number, chapter in enumerate(CHAPTERS, 1):
            yield f"{number}. {chapter.title}\n\n{_filled(chapter.introduction)}\n\n"
            for theorem in chapter.theorems:
                yield "\n".join([*_lines(theorem, course=course), "", ""])

    click.echo_via_pager(text()) if _is_terminal() else click.echo("".join(text()))
    return 0


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _lines(theorem: "Theorem", *, course: bool) -> Iterator[str]:
    from bnproof.spec.publishing.plain import plain  # SymPy takes a second

    yield f"{theorem.title}  [{theorem.id}]"
    yield _filled(theorem.statement.replace("`", ""))
    before: Any = None
    for claim in theorem.lines():
        left = "" if claim.left == before else f"{plain(claim.left, course=course)}\n      "
        before = claim.right
        yield f"\n    {left}= {plain(claim.right, course=course)}"
        if claim.because:
            yield f"      — {claim.because}"
        for name, value in (*claim.where, *claim.given):
            yield f"      with {plain(name, course=course)} = {plain(value, course=course)}"


def _filled(text: str) -> str:
    from textwrap import fill  # beside the others

    return fill(text, 88)


def _write(form: str, output: Path | None, notation: str, *, checks: bool) -> int:
    from bnproof.spec.contents import THEOREMS  # SymPy takes a second
    from bnproof.spec.publishing.notation import NOTATIONS  # likewise

    results: dict[str, Checked] = {}
    if checks:
        results = _checked(list(THEOREMS.values()))
    text = _document(form, NOTATIONS[notation], results)
    if output is None:
        write_to_stdout(text)
        return 0
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.BadParameter(f"{output}: {error.strerror}", param_hint="-o") from None
    click.echo(f"{output}: {len(text.encode()) / 1024:.0f} KB", err=True)
    return 0


def _document(form: str, notation: Any, results: "dict[str, Checked]") -> str:
    if form == "html":
        try:
            from bnproof.spec.publishing.html import page  # an extra
        except ImportError as error:
            raise click.UsageError(
                f"--format html needs {error.name}: pip install 'bnproof[html]'"
            ) from None
        return page(notation, results)
    if form == "md":
        from bnproof.spec.publishing.markdown import markdown  # SymPy

        return markdown(notation, results)
    if form == "latex":
        from bnproof.spec.publishing.tex import document  # SymPy

        return document(notation, results)
    from bnproof.spec.publishing.notebook import notebook  # SymPy

    return notebook(notation, results)


def _checked(theorems: "list[Theorem]") -> "dict[str, Checked]":
    """Check all theorems, with a bar where somebody watches."""
    from bnproof.spec.publishing.badges import checked  # SymPy takes a second

    results: dict[str, Checked] = {}
    with click.progressbar(
        theorems,
        label="checking",
        item_show_func=lambda theorem: "" if theorem is None else theorem.id,
        file=sys.stderr,
    ) as bar:
        for theorem in bar:
            results |= checked([theorem])
    return results
