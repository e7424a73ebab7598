"""``bnproof check``: check implementations against all properties."""

import math
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

import click

from bnproof.cli.check_options import run_options
from bnproof.cli.declare_options import OutsideOptions, outside_options
from bnproof.cli.known_options import KnownOptions, known_options, update
from bnproof.cli.limit_options import memory_size
from bnproof.cli.output import WrongUsage
from bnproof.cli.report_files import Files
from bnproof.engine.model.verdict import PROFILES, Profile

if TYPE_CHECKING:
    from bnproof.check.request import CheckedVariant, Request
    from bnproof.engine.model.result import Report


@click.command()
@click.argument("targets", metavar="TARGET...", nargs=-1)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="standard",
    show_default=True,
    help="Number of cases: quick runs a choice of the portfolio, shared between the dtypes; "
    "standard runs all of it and searches 100 cases more per dtype, thorough 2000.",
)
@click.option(
    "--property",
    "properties",
    metavar="GLOB",
    multiple=True,
    help="Check only properties whose id matches, such as 'running/*'. Repeatable.",
)
@click.option("--dtype", "dtypes", multiple=True, help="Check only this dtype of x. Repeatable.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of all random data.",
)
@click.option(
    "--json", "json_file", metavar="FILE", help="Write the report as JSON; - is standard output."
)
@click.option(
    "--markdown",
    "markdown_file",
    metavar="FILE",
    help="Write a summary in Markdown, for instance for CI; - is standard output.",
)
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    help="Write one self-contained HTML page; - is standard output.",
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
    help="Limit for the memory of a worker beyond its imports, such as 512M or 2G.  "
    "[default: half of the machine's memory]",
)
@outside_options
@run_options
@known_options
def check(
    targets: Sequence[str],
    profile: Profile,
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
    exclude: Sequence[str],
    stop_at_first: bool,
    jobs: int,
    verbose: bool,
    quiet: bool,
    form: str,
    **known: Any,
) -> int:
    """Check each TARGET, an implementation of batch normalization.

    TARGET is `reference`, `module:attribute`, `path/to/file.py:attribute`, or a pair of functions
    as `path/to/file.py:forward,backward`; `bnproof targets` tells more.

    The exit status is that of the worst target: 130 interrupted, 2 cannot be used, 1 does not
    conform, 4 incomplete, 0 conforms, in this order.
    """
    if list_only:
        return _list(properties, exclude)
    if not targets:
        raise click.UsageError("name a TARGET, for instance reference or my_file.py:MyBatchNorm")
    if math.isnan(timeout):
        raise click.BadParameter(
            "expected a positive number of seconds, got nan", param_hint="--timeout"
        )
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other; give one of them")
    files = Files({"--json": json_file, "--markdown": markdown_file, "--html": html_file})
    from bnproof.check.request import Request  # not for --help

    options = KnownOptions(**known)
    asked = Request(
        profile,
        seed,
        tuple(dtypes),
        tuple(properties),
        timeout,
        memory,
        options.file(),
        exclude=tuple(exclude),
        stop_at_first=stop_at_first,
        jobs=jobs,
    )
    named = tuple(dict.fromkeys(targets))
    given = OutsideOptions(declare, without, identify)
    asked = replace(asked, outsides={target: given.of(target) for target in named})
    checks = _run(named, asked, options, quiet=quiet)
    status = _report(checks, files, verbose=verbose, quiet=quiet, github=form == "github")
    for target in named[len(checks) :]:
        click.echo(f"not checked: {target}", err=True)
    return status


def _run(
    targets: tuple[str, ...], asked: "Request", options: KnownOptions, *, quiet: bool
) -> "list[list[Report]]":
    """The reports on each target, in order."""
    from bnproof.check.one_target import UsageError
    from bnproof.check.several_targets import examine_all
    from bnproof.report.progress import no_progress, progress_on
    from bnproof.targets.text import TargetError

    shown = nullcontext(no_progress) if quiet else progress_on(sys.stderr)
    try:
        with shown as progress:
            checked = examine_all(targets, asked, progress)
    except (TargetError, UsageError) as error:
        raise WrongUsage(str(error)) from error
    return [
        _updated(target, examined, asked, options)
        for target, examined in zip(targets, checked, strict=False)
    ]


def _updated(
    target: str, examined: "list[CheckedVariant]", asked: "Request", options: KnownOptions
) -> "list[Report]":
    """The reports on a target, after the file of known failures was written if that was asked."""
    ended = any(each.report.error or each.report.interrupted for each in examined)
    if options.update_known and not ended:
        return update(options, target, examined, asked)
    return [each.report for each in examined]


def _report(
    checks: "list[list[Report]]", files: Files, *, verbose: bool, quiet: bool, github: bool
) -> int:
    from bnproof.engine.model.result import exit_status
    from bnproof.report.github import annotations
    from bnproof.report.terminal import Detail, show_all
    from bnproof.targets.definition import definition

    files.write(checks)
    everything = [report for reports in checks for report in reports]
    unusable = [report.error for report in everything if report.error]
    human: TextIO = sys.stderr if files.take_stdout else sys.stdout
    if github:
        for reports in checks:
            for line in annotations(reports, definition(reports[0].target)):
                click.echo(line, file=human)
    if unusable and len(everything) == 1:
        click.echo(f"Error: {unusable[0]}", err=True)
    else:
        detail = Detail.FULL if verbose else Detail.VERDICT if quiet else Detail.OVERVIEW
        show_all(checks, sys.stderr if len(checks) == 1 and unusable else human, detail)
    return exit_status(everything)


def _list(patterns: Sequence[str], exclude: Sequence[str]) -> int:
    from bnproof.properties.catalogue import chosen

    try:
        properties = chosen(tuple(patterns), tuple(exclude))
    except LookupError as error:
        raise WrongUsage(str(error.args[0])) from error
    for listed in properties:
        click.echo(f"{listed.id}\n    {listed.statement} [theorem {listed.theorem}]")
    return 0
