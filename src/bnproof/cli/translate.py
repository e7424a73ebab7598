"""``bnproof translate``: settings of one library in the terms of another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bnproof.cli.output import WrongUsage

if TYPE_CHECKING:
    from bnproof.conventions.libraries.translate import Translation


@click.command()
@click.option("--from", "source", metavar="LIBRARY", help="Whose settings they are.")
@click.option("--to", "target", metavar="LIBRARY", help="In whose terms they are asked for.")
@click.option("--list", "list_only", is_flag=True, help="Show the table of conventions and exit.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "md")),
    default="text",
    show_default=True,
    help="Of the table.",
)
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
def translate(
    source: str | None, target: str | None, list_only: bool, form: str, settings: Sequence[str]
) -> int:
    """Convert settings between libraries: momentum, eps and the channel axis.

    \b
    bnproof translate --from keras --to torch momentum=0.99 eps=1e-3
    bnproof translate --from torch --to flax momentum=None
    bnproof translate --from keras --to torch batch=32 spatial=7x7

    A setting that is not given has the default of the library it comes from. values=N, the values
    per channel of a batch, or batch= and spatial=, give the factor between the biased and the
    unbiased running variance.

    Exit status: 0 converted; 1 a setting that was given has no counterpart; 2 wrong usage.
    """
    from bnproof.conventions.libraries.settings import SettingsError  # likewise
    from bnproof.conventions.libraries.translate import translate as convert  # likewise
    from bnproof.report import libraries  # not for --help

    if list_only:
        click.echo(libraries.page() if form == "md" else libraries.table(), nl=False)
        return 0
    if source is None or target is None:
        raise WrongUsage("name two libraries: --from keras --to torch; --list shows all")
    try:
        made: Translation = convert(source, target, _pairs(settings))
    except SettingsError as error:
        raise WrongUsage(str(error)) from error
    click.echo(libraries.translation(made), nl=False)
    return int(made.missing)


def _pairs(settings: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise WrongUsage(f"{text!r} is not a setting; write NAME=VALUE, as momentum=0.99")
        if name in pairs:
            raise WrongUsage(f"{name} is given twice")
        pairs[name] = value
    return pairs
