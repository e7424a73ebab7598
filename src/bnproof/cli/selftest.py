"""``bnproof selftest``: the suite judged by wrong and right implementations."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bnproof.engine.model.verdict import Profile
    from bnproof.selftest.kill_table import KillTable


@click.command()
@click.option(
    "--profile",
    type=click.Choice(("quick", "standard")),
    default="quick",
    show_default=True,
    help="Of each check; the standard profile has the cases of large sizes as well.",
)
@click.option("--mutant", "mutants", multiple=True, help="Only this mutant; may be repeated.")
@click.option("--complete", is_flag=True, help="Run all cases on a mutant that is rejected, too.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the table.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write it as a page.")
@click.option(
    "--workers", type=click.IntRange(1), default=None, help="Processes.  [default: cores]"
)
def selftest(
    profile: "Profile",
    mutants: tuple[str, ...],
    complete: bool,  # click passes by name
    json_file: Path | None,
    html_file: Path | None,
    workers: int | None,
) -> int:
    """Show which known mistakes are rejected, by what, and that nothing right is.

    Exit status: 0 the suite is as strong as it promises; 1 a mutant survives, a right
    implementation is rejected, a property rejects nothing, or a theorem has no property.
    """
    from bnproof.selftest import renderings  # costs time that help does not have
    from bnproof.selftest.kill_table import kill_table  # likewise

    _check_known(mutants)
    bar = click.progressbar(length=1, label="selftest", file=sys.stderr)

    def progress(done: int, total: int, text: str) -> None:
        bar.length = total
        if sys.stderr.isatty():  # elsewhere each label would be a line
            bar.label = f"selftest {text:<40.40}"
        bar.update(done - bar.pos)

    with bar:
        table = kill_table(
            profile,
            mutants=mutants,
            complete=complete,
            workers=workers or os.cpu_count() or 1,
            progress=progress,
        )
    for line in renderings.text(table):
        click.echo(line)
    if json_file is not None:
        json_file.write_text(renderings.as_json(table), encoding="utf-8", newline="\n")
    if html_file is not None:
        html_file.write_text(renderings.page(table), encoding="utf-8", newline="\n")
    return _status(table, partial=bool(mutants))


def _status(table: "KillTable", *, partial: bool) -> int:
    """Some mutants alone say nothing about properties that reject none of them."""
    return int(bool(table.survivors)) if partial else int(not table.strong)


def _check_known(mutants: tuple[str, ...]) -> None:
    from bnproof.engine.wording.text import suggestion  # only after a slip
    from bnproof.mutants.catalogue import BY_ID  # costs time

    for id_ in mutants:
        if id_ not in BY_ID:
            hint = suggestion(id_, list(BY_ID))
            raise click.BadParameter(f"no mutant is called {id_!r}{hint}", param_hint="--mutant")
