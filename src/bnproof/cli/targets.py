"""``bnproof targets``: what can be checked, and how it is written."""

import click


@click.command()
def targets() -> None:
    """List what can be checked, and how it is written."""
    from bnproof.implementations import known_targets  # not for --help

    for written, meaning in known_targets():
        click.echo(f"{written}\n    {meaning}")
