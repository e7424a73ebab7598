"""The options of ``bnproof check`` about what is run and what is shown."""

import os
from collections.abc import Callable
from typing import Any

import click

AUTO = "auto"


def jobs_number(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """The number of processes; "auto" is one per processor."""
    if value == AUTO:
        return len(os.sched_getaffinity(0))
    if not value.isdecimal() or int(value) < 1:
        message = f"expected a positive number or auto, got {value}"
        raise click.BadParameter(message, ctx, param)
    return int(value)


OPTIONS = (
    click.option(
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="Not the properties whose id matches; may be repeated. The report names them.",
    ),
    click.option(
        "-x",
        "--exitfirst",
        "stop_at_first",
        is_flag=True,
        help="Stop at the first case that fails; further cases, dtypes and targets are not run.",
    ),
    click.option(
        "--jobs",
        metavar="N",
        callback=jobs_number,
        default="1",
        show_default=True,
        help="Check the dtypes and variants of all targets in N processes at a time; auto is one "
        "per processor. The results are the same.",
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
        help="github adds annotations for GitHub Actions: an error for each cause of failures.",
    ),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
