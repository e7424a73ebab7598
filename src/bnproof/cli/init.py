"""``bnproof init``: an adapter to start from."""

from importlib.util import find_spec
from pathlib import Path

import click

from bnproof.cli.output import WrongUsage

KINDS = ("numpy", "torch", "jax", "program")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="numpy",
    show_default=True,
    help="NumPy functions, a torch module, JAX functions, or a program in any language.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
def init(file: Path, kind: str, force: bool) -> int:  # click passes by name
    """Write an adapter to FILE, with a right implementation inside, to start from."""
    from bnproof.skeletons.templates import (  # help does not need it
        SKELETONS,
        SkeletonError,
        write_skeleton,
    )

    try:
        written = write_skeleton(kind, file, force=force)
    except SkeletonError as error:
        raise WrongUsage(str(error)) from error
    target = f"{file}:{SKELETONS[kind].attribute}"
    needed = SKELETONS[kind].needs
    click.echo("wrote " + " and ".join(map(str, written)))
    click.echo("It is right as it is; put your own implementation at the marked places.")
    click.echo(f"  bnproof doctor {target}")
    click.echo(f"  bnproof check {target} --profile quick")
    if needed and find_spec(needed) is None:
        click.echo(f"It needs {needed}, which is not installed: pip install {needed}")
    return 0
