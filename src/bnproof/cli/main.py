"""The command ``bnproof``; each verb is loaded only when it is used."""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module, util
from typing import Any

import click

from bnproof.check.garbage import collect_less_often
from bnproof.cli.console import prepare_streams
from bnproof.engine.model.result import INTERRUPTED
from bnproof.sandbox.support import UnsupportedSystemError

VERBS = {
    "check": "Check an implementation of batch normalization.",
    "report": "Show a saved report again, in a terminal, as Markdown or as a page.",
    "replay": "Run a failure that a check has saved again.",
    "doctor": "Say what a target is recognised as, and what will be checked.",
    "init": "Write an adapter to start from.",
    "targets": "List what can be checked.",
    "identify": "Find the conventions of an implementation by probing it.",
    "translate": "Convert settings from one library to another.",
    "derive": "Show the derivation of batch normalization.",
    "prove": "Prove or refute a formula of one's own.",
    "grade": "Grade a file of a course's exercise, part by part.",
    "study": "Run an experiment of the course, and draw it.",
    "selftest": "Show what the suite itself catches.",
}
"""The verbs, each in a file of its name, and what they do, so that help imports none of them."""

UNUSABLE = 2
FAULT = 3


class Verbs(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The verbs that exist."""
        return [verb for verb in VERBS if util.find_spec(f"bnproof.cli.{verb}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb, or for a list of them make do with its description."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(f"bnproof.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs in the help, without importing them."""
        rows = [(verb, VERBS[verb]) for verb in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # costs time that help does not have

        click.echo(f"bnproof {version('bnproof')}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Hold an implementation of batch normalization against what is proved of it.

    \b
    bnproof check reference
    bnproof check torch.nn:BatchNorm2d
    bnproof check my_file.py:MyBatchNorm

    Exit status: 0 it conforms; 1 a property is violated; 2 wrong usage, or the target cannot
    be used; 3 a fault of bnproof itself; 4 nothing or too little was checked;
    130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and exit with its status."""
    prepare_streams()
    collect_less_often()
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(arguments))


def _terminate(number: int, _: object) -> None:
    """End by an exception, so that worker processes are ended too."""
    sys.exit(128 + number)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit status."""
    try:
        returned: Any = cli.main(arguments, prog_name="bnproof", standalone_mode=False)
        return returned if isinstance(returned, int) else 0
    except UnsupportedSystemError as error:
        click.echo(f"Error: {error}", err=True)
        return UNUSABLE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has seen enough; the interpreter must not stumble over it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("BNPROOF_DEBUG"):
            raise
        click.echo(_fault(error), err=True)
        return FAULT


def _fault(error: Exception) -> str:
    said = (str(error).strip().splitlines() or [""])[-1]
    return (
        f"fault of bnproof itself ({type(error).__name__}: {said}); "
        "please report it, with what BNPROOF_DEBUG=1 in the environment shows"
    )


if __name__ == "__main__":
    main()
