"""``bnproof check``: hold an implementation against all properties."""

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from bnproof.cli.known import KnownOptions, known_options, update
from bnproof.cli.limits import memory_size
from bnproof.cli.output import WrongUsage
from bnproof.cli.outside import OutsideOptions, outside_options
from bnproof.cli.report_files import Files

if TYPE_CHECKING:
    from bnproof.properties.result import Report
    from bnproof.run.asked import Asked


@click.command()
@click.argument("target", required=False)
@click.option(
    "--profile",
    type=click.Choice(["quick", "standard", "thorough"]),
    default="standard",
    show_default=True,
    help="How many cases: the portfolio, a hundred searched ones more, or minutes of search.",
)
@click.option(
    "--property",
    "properties",
    metavar="GLOB",
    multiple=True,
    help="Only properties whose id matches, such as 'running/*'; may be repeated.",
)
@click.option("--dtype", "dtypes", multiple=True, help="Only this dtype of x; may be repeated.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all data."
)
@click.option(
    "--json", "json_file", metavar="FILE", help="Write the report as JSON; - is standard output."
)
@click.option(
    "--markdown",
    "markdown_file",
    metavar="FILE",
    help="Write the report as Markdown, such as for the summary of a CI run; - likewise.",
)
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    help="Write the report as one page that needs no network; - likewise.",
)
@click.option("--list", "list_only", is_flag=True, help="List the properties and exit.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Limit for one call of the target; the first of each kind may take five times as long.",
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=memory_size,
    help="Memory for a worker beside its imports, as 512M or 2G; the default is half of the "
    "machine's.",
)
@outside_options
@known_options
def check(
    target: str | None,
    profile: str,
    properties: Sequence[str],
    dtypes: Sequence[str],
    seed: int,
    json_file: str | None,
    markdown_file: str | None,
    html_file: str | None,
    list_only: bool,  # click passes by name
    timeout: float,
    memory: int | None,
    declare: Sequence[str],
    without: Sequence[str],
    identify: bool,  # click passes by name
    **known: Any,
) -> int:
    """Check TARGET, an implementation of batch normalization.

    TARGET is `reference`, `module:attribute`, `path/to/file.py:attribute`, or a pair of functions
    as `path/to/file.py:forward,backward`; `bnproof targets` tells more.
    """
    if list_only:
        return _list(properties)
    if target is None:
        raise click.UsageError("name a TARGET, for instance reference or my_file.py:MyBatchNorm")
    if math.isnan(timeout):
        raise click.BadParameter("nan is no number of seconds", param_hint="--timeout")
    files = Files({"--json": json_file, "--markdown": markdown_file, "--html": html_file})
    from bnproof.run.asked import Asked  # not for --help

    options = KnownOptions(**known)
    file = options.file()
    outside = OutsideOptions(declare, without, identify).of(target)
    asked = Asked(
        profile, seed, tuple(dtypes), tuple(properties), timeout, memory, file, outside=outside
    )
    reports = _run(target, asked, options)
    return _report(reports, files, full=bool(properties))


def _run(target: str, asked: "Asked", options: KnownOptions) -> "list[Report]":
    from bnproof.report.progress import progress_on
    from bnproof.run.checking import UsageError, examine
    from bnproof.run.target import TargetError

    try:
        with progress_on(sys.stderr) as progress:
            examined = examine(target, asked, progress)
        ended = any(each.report.error or each.report.interrupted for each in examined)
        if options.update_known and not ended:
            return update(options, target, examined, asked)
        return [each.report for each in examined]
    except (TargetError, UsageError) as error:
        raise WrongUsage(str(error)) from error


def _report(reports: "list[Report]", files: Files, *, full: bool) -> int:
    from bnproof.report.terminal import show
    from bnproof.run.checking import exit_status

    unusable = [report.error for report in reports if report.error]
    human: TextIO = sys.stderr if files.take_stdout or unusable else sys.stdout
    files.write(reports)
    if unusable and len(reports) == 1:
        click.echo(f"Error: {unusable[0]}", err=True)
    else:
        show(reports, human, full=full)
    return exit_status(reports)


def _list(patterns: Sequence[str]) -> int:
    from bnproof.properties.catalogue import chosen

    try:
        properties = chosen(tuple(patterns))
    except LookupError as error:
        raise WrongUsage(str(error.args[0])) from error
    for listed in properties:
        click.echo(f"{listed.id}\n    {listed.statement} [theorem {listed.theorem}]")
    return 0
