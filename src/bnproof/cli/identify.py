"""``bnproof identify``: the conventions of an implementation, found by probing it."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnproof.cli.declare_options import DECLARE, WITHOUT, OutsideOptions
from bnproof.cli.output import TO_STDOUT, WrongUsage, check_writable, write

if TYPE_CHECKING:
    from bnproof.conventions.identify.conventions import Identified
    from bnproof.targets.outside import Outside

CONTRADICTED, NOTHING_FOUND = 1, 4


@click.command()
@click.argument("target")
@click.option(
    "--json", "json_file", metavar="FILE", help="Write what was found as JSON; - is stdout."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Limit for one call of the target; the first of each kind may take five times as long.",
)
@DECLARE
@WITHOUT
def identify(
    target: str,
    json_file: str | None,
    timeout: float,
    declare: Sequence[str],
    without: Sequence[str],
) -> int:
    """Find the conventions of TARGET by probing it, and name the libraries that share them.

    \b
    bnproof identify torch.nn:BatchNorm2d
    bnproof identify my_file.py:MyBatchNorm
    bnproof identify my_file.py:batchnorm_forward,batchnorm_backward

    What it declares of its conventions is not believed but compared with what is found; its
    dtypes, ranks, fixed settings and accepted ranges are respected.

    Exit status: 0 found; 1 it declares otherwise; 2 wrong usage, or the target cannot be loaded;
    4 nothing could be found.
    """
    if math.isnan(timeout):
        raise click.BadParameter("nan is no number of seconds", param_hint="--timeout")
    if json_file not in (None, TO_STDOUT):
        check_writable(Path(json_file))
    made = _run(target, timeout, OutsideOptions(declare, without).of(target))
    _report(made, json_file)
    if any(each.contradictions for each in made):
        return CONTRADICTED
    return 0 if any(each.anything for each in made) else NOTHING_FOUND


def _run(target: str, timeout: float, outside: "Outside") -> "list[Identified]":
    from bnproof.conventions.identify.conventions import identify as find  # not for --help
    from bnproof.report.progress import progress_on  # likewise
    from bnproof.sandbox.session import Session  # likewise
    from bnproof.targets.text import TargetError  # likewise

    made = []
    try:
        opened = Session(target, timeout=timeout, outside=outside)
        with opened as session, progress_on(sys.stderr) as progress:
            for variant in range(len(session.declarations)):
                session.select(variant)
                made.append(find(session, target, session.attributes(), progress))
    except TargetError as error:
        raise WrongUsage(str(error)) from error
    return made


def _report(made: "list[Identified]", json_file: str | None) -> None:
    from rich.console import Console  # not for --help

    from bnproof.report import conventions  # likewise

    if json_file == TO_STDOUT:
        click.echo(conventions.dumps(made), nl=False)
    elif json_file is not None:
        write(Path(json_file), conventions.dumps(made))
    human = sys.stderr if json_file == TO_STDOUT else sys.stdout
    console = Console(file=human, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for number, each in enumerate(made):
        if number:
            console.print()
        for text in conventions.lines(each, variant=number + 1 if len(made) > 1 else 0):
            console.print(text)
