"""``bnproof replay``: run a failure that a check has saved again, or write it as a script."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnproof.cli.output import TO_STDOUT, WrongUsage, check_writable

if TYPE_CHECKING:
    from bnproof.store.folder import ReplayFolder
    from bnproof.store.replay_file import Replay

STILL_FAILING = 1


@click.command()
@click.argument("name", metavar="ID", required=False)
@click.option("--list", "list_only", is_flag=True, help="List what is saved and exit.")
@click.option(
    "--script",
    metavar="FILE",
    help="Write a script that needs NumPy and the implementation only; - is standard output.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Limit for one call of the target; the first of each kind may take five times as long.",
)
def replay(name: str | None, list_only: bool, script: str | None, timeout: float) -> int:
    """Run the failure ID again, which `bnproof check` printed, on the target as it is now.

    Exit status: 0 it is fixed; 1 it still fails; 2 it cannot be run.  The beginning of an ID is
    enough.  Failures are saved in .bnproof in the current folder, or in the folder that the
    environment variable BNPROOF_CACHE names.
    """
    from bnproof.replay.current_target import CannotRun  # not for --help
    from bnproof.store.fields import StoreError
    from bnproof.store.folder import ReplayFolder

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


def _list(ids: list[str], folder: "ReplayFolder") -> int:
    """One line for each, the latest first."""
    from bnproof.store.fields import StoreError

    for each in ids:
        try:
            saved = folder.load(each)
        except StoreError as error:
            click.echo(f"{each}  {error}")
            continue
        what = f"{saved.property}, {saved.dtype}"
        click.echo(f"{each}  {saved.target}  {what}: {saved.counterexample.name}")
    if not ids:
        click.echo(f"nothing is saved in {folder.place}", err=True)
    return 0


def _again(saved: "Replay", timeout: float) -> int:
    from bnproof.replay.current_target import run_again
    from bnproof.report.failures import block
    from bnproof.report.terminal import printed
    from bnproof.report.violations import Failure

    click.echo(f"{saved.target}: {saved.property}, {saved.dtype}: {saved.counterexample.name}")
    outcome = run_again(saved, timeout=timeout, told=lambda text: click.echo(text, err=True))
    if not outcome.fails:
        click.echo("fixed")
        return 0
    for violation in outcome.result.violations:
        printed(block(Failure(outcome.result, violation)), sys.stdout)
    where = "" if outcome.is_alone else ", after the cases that came before it, though not alone"
    click.echo(f"still failing{where}")
    return STILL_FAILING


def _script(saved: "Replay", file: str, timeout: float) -> int:
    from bnproof.replay.scripts import script_of

    if file == TO_STDOUT:
        made = script_of(saved, timeout=timeout)
        click.echo(made.text, nl=False)
    else:
        path = Path(file)
        _check_replaceable(path)
        made = script_of(saved, timeout=timeout, folder=path.absolute().parent)
        _write(path, made.text)
    click.echo(f"the script {made.ends}", err=True)
    return 0


def _check_replaceable(path: Path) -> None:
    """Say before any work that a file is not ours to replace, or cannot be written."""
    from bnproof.replay.scripts import is_ours

    check_writable(path)
    if path.exists() and not is_ours(path.read_text(encoding="utf-8", errors="replace")):
        raise WrongUsage(f"{path} is there, and no script of bnproof's; name another file")


def _write(path: Path, text: str) -> None:
    from bnproof.store.folder import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise WrongUsage(f"cannot write {path}: {error.strerror}") from error
