"""``bnproof replay``: run a failure that a check has saved again, or write it as a script."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnproof.cli.options import TIMEOUT_OPTION, WrongUsage

if TYPE_CHECKING:
    from bnproof.replay.replaying import Outcome
    from bnproof.store.replay import Replay

CANNOT_RUN = 2


@click.command()
@click.argument("name", metavar="ID", required=False)
@click.option("--list", "list_only", is_flag=True, help="List what is saved and exit.")
@click.option(
    "--script",
    metavar="FILE",
    help="Write a script that needs NumPy and the implementation only; - is standard output.",
)
@TIMEOUT_OPTION
def replay(name: str | None, list_only: bool, script: str | None, timeout: float) -> int:
    """Run the failure ID again, which `bnproof check` printed, on the target as it is now.

    Exit status: 0 it is fixed; 1 it still fails; 2 it cannot be run.  The beginning of an ID is
    enough.  Failures are saved in .bnproof in the current folder, or in the folder that the
    environment variable BNPROOF_CACHE names.
    """
    from bnproof.replay.replaying import CannotRun  # noqa: PLC0415  # not for --help
    from bnproof.store.fields import StoreError  # noqa: PLC0415
    from bnproof.store.folder import ReplayFolder  # noqa: PLC0415

    folder = ReplayFolder()
    if list_only:
        return _list(folder.ids(), folder)
    if name is None:
        raise click.UsageError("name the ID of a failure; bnproof replay --list lists them")
    try:
        saved = folder.load(name)
        if script is not None:
            return _script(saved, script, timeout)
        return _again(saved, timeout)
    except StoreError as error:
        raise WrongUsage(str(error)) from error
    except CannotRun as error:
        raise WrongUsage(f"cannot run it: {error}") from error
