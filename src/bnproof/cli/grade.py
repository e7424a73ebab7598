"""``bnproof grade``: which parts of a course's exercise are right, and why others are not."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from bnproof.cli.limit_options import memory_size
from bnproof.cli.output import TO_STDOUT, check_writable, write

if TYPE_CHECKING:
    from bnproof.grading.result import Grade


@click.command()
@click.argument("file", metavar="FILE.py")
@click.option("--hints", is_flag=True, help="In place of the cause a hint, without the formula.")
@click.option(
    "--explain", is_flag=True, help="The cause, its repair, and the line of the derivation."
)
@click.option(
    "--json", "json_file", metavar="FILE", help="Write the grade as JSON; - is standard output."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Limit for one call of a function.",
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=memory_size,
    default="1G",
    show_default=True,
    help="Memory that the functions may take beside their imports, as 512M or 2G.",
)
def grade(
    file: str,
    hints: bool,
    explain: bool,
    json_file: str | None,
    timeout: float,
    memory: int,
) -> int:
    """Grade FILE.py, somebody's work on the exercise that courses set.

    The functions are batchnorm_forward(x, gamma, beta, bn_param) -> (out, cache),
    batchnorm_backward and batchnorm_backward_alt(dout, cache) -> (dx, dgamma, dbeta), and
    spatial_batchnorm_forward and spatial_batchnorm_backward. Any of them may be missing.

    \b
    bnproof grade layers.py
    bnproof grade layers.py --hints
    bnproof grade layers.py --json grade.json

    Exit status: 0 all that is there is right, 1 something is not, 2 not gradable.
    """
    if math.isnan(timeout):
        raise click.BadParameter("nan is no number of seconds", param_hint="--timeout")
    if json_file not in (None, TO_STDOUT):
        check_writable(Path(json_file))
    found = _grade(file, timeout, memory)
    if json_file is not None:
        from bnproof.grading.grade_json import dumps  # with --explain SymPy

        text = dumps(found, hints=hints, explain=explain)
        if json_file == TO_STDOUT:
            click.echo(text, nl=False)
        else:
            write(Path(json_file), text)
    _show(found, sys.stderr if json_file == TO_STDOUT else sys.stdout, hints, explain)
    return found.exit_status


def _grade(file: str, timeout: float, memory: int) -> "Grade":
    from bnproof.grading.grade import grade as graded  # the costly part
    from bnproof.report.progress import progress_on

    with progress_on(sys.stderr) as progress:
        return graded(file, timeout=timeout, memory=memory, progress=progress)


def _show(found: "Grade", stream: TextIO, hints: bool, explain: bool) -> None:
    from bnproof.grading.grade_terminal import show  # rich takes time

    if found.error:
        click.echo(f"Error: {found.error}", err=True)
    else:
        show(found, stream, hints=hints, explain=explain)
