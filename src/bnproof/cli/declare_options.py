"""The options by which a user declares conventions of a target, for several commands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from bnproof.cli.output import WrongUsage

if TYPE_CHECKING:
    from bnproof.targets.outside import Outside

DECLARE = click.option(
    "--declare",
    metavar="NAME=VALUE",
    multiple=True,
    help="Declare an attribute of the contract, such as momentum_weighs=old, "
    "running_variance=2:biased,4:unbiased or fixed=eps:1e-5; may be repeated.",
)
WITHOUT = click.option(
    "--without",
    metavar="PART",
    multiple=True,
    help="State that a part does not exist: running-statistics, evaluation, gradients, "
    "affine-parameters, double-backward or other-state; may be repeated.",
)
IDENTIFY = click.option(
    "--identify",
    is_flag=True,
    help="Find the conventions that nothing declares by probing, and use them.",
)


def outside_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as `OutsideOptions` takes them."""
    for option in (IDENTIFY, WITHOUT, DECLARE):
        command = option(command)
    return command


@dataclass(frozen=True)
class OutsideOptions:
    """What the options say."""

    declare: Sequence[str] = ()
    without: Sequence[str] = ()
    identify: bool = False

    def of(self, target: str) -> "Outside":
        """What is declared of a target, in pyproject.toml as well; WrongUsage for a mistake."""
        from bnproof.check.configuration import ConfigurationError, asked_for  # not for --help
        from bnproof.targets.declarations import DeclarationError

        try:
            return asked_for(target, self.declare, self.without, identify=self.identify)
        except (ConfigurationError, DeclarationError) as error:
            raise WrongUsage(str(error)) from error
