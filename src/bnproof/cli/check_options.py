"""The options of ``bnproof check`` about what is run and what is shown."""

import os
from collections.abc import Callable
from typing import Any

import click

AUTO = "auto"


def jobs_number(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """The number of processes; "auto" is one per processor."""
    if value == AUTO:
        return os.cpu_count() or 1
    if not value.isdecimal() or int(value) < 1:
        message = f"expected a positive number or auto, got {value}"
        raise click.BadParameter(message, ctx, param)
    return int(value)


OPTIONS = (
    click.option(
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="Leave out properties whose id matches. Repeatable. The report names them.",
    ),
    click.option(
        "-x",
        "--exitfirst",
        "stop_at_first",
        is_flag=True,
        help="Stop at the first failure: run no further cases, dtypes or targets.",
    ),
    click.option(
        "--jobs",
        metavar="N",
        callback=jobs_number,
        default="1",
        show_default=True,
        help="Check dtypes, variants and targets in N parallel processes; auto takes one per "
        "processor. The results do not depend on N. With -x there is one process.",
    ),
    click.option(
        "-v", "--verbose", is_flag=True, help="Print all results as a table, and every failure."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print only the verdict."),
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "github"]),
        default="text",
        show_default=True,
        help="github adds annotations for GitHub Actions: one error per cause of failures.",
    ),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
