"""``bnproof report``: show saved reports again."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnproof.cli.output import TO_STDOUT, WrongUsage, check_writable, write, write_to_stdout
from bnproof.cli.report_files import check_extra

if TYPE_CHECKING:
    from bnproof.engine.model.result import Report

FORMATS = ("terminal", "markdown", "html")


@click.command()
@click.argument("files", metavar="FILE.json...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="terminal", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--full",
    "--verbose",
    "-v",
    is_flag=True,
    help="In a terminal, all results as a table, and every failure.",
)
def report(files: Sequence[str], form: str, output: Path | None, full: bool) -> int:
    """Show reports again that `bnproof check --json FILE.json` wrote; - is standard input.

    Several are shown one after the other, or on one page. Nothing is run: exit status 0 says that
    they could be read, and 2 that one is no report.

    \b
    bnproof report mine.json
    bnproof report mine.json torch.json --format html -o page.html
    """
    if output is not None:
        check_writable(output)
    if form == "html":
        check_extra("--format html")
    checks = [reports for file in files for reports in _read(file)]
    text = _rendered(checks, form, full=full, to_file=output is not None)
    if output is not None:
        write(output, text)
    elif text:
        write_to_stdout(text)
    return 0


def _read(file: str) -> "list[list[Report]]":
    from bnproof.report.saved_report import UnreadableReport, read, read_file

    try:
        if file != TO_STDOUT:
            return read_file(Path(file))
        try:
            return read(sys.stdin.buffer)
        except UnreadableReport as error:
            raise UnreadableReport(f"standard input {error}") from None
    except UnreadableReport as error:
        raise WrongUsage(str(error)) from None


def _rendered(checks: "list[list[Report]]", form: str, *, full: bool, to_file: bool) -> str:
    """The text to write; for a terminal it is written at once, with colours."""
    if form == "markdown":
        from bnproof.report.markdown import markdown  # only one is used

        return markdown(checks)
    if form == "html":
        from bnproof.report.page import page  # an extra

        return page(checks)
    from bnproof.report.terminal import Detail, show_all  # only one is used

    text = io.StringIO()
    show_all(checks, text if to_file else sys.stdout, Detail.FULL if full else Detail.OVERVIEW)
    return text.getvalue()
