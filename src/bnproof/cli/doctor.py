"""``bnproof doctor``: what a target was recognised as, what is missing, what will be checked."""

from typing import Any

import click

from bnproof.cli.declare_options import OutsideOptions, outside_options

CANNOT_BE_USED = 2


@click.command()
@click.argument("target")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Limit for one call of the target; the first ones may take five times as long.",
)
@outside_options
def doctor(target: str, timeout: float, **outside: Any) -> int:
    """Say what TARGET was recognised as, what it lacks, and what a check will hold it to.

    The target is loaded and called once, in a process of its own.  Exit status: 0 it can be
    checked; 2 it cannot be used.
    """
    from rich.console import Console  # help needs none of these

    from bnproof.check.examination import examine
    from bnproof.report.doctor import lines

    found = examine(target, timeout=timeout, outside=OutsideOptions(**outside).of(target))
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for each in lines(found):
        console.print(each)
    return 0 if found.usable else CANNOT_BE_USED
