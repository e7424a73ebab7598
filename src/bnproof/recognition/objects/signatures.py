"""What the parameters of a signature are for, guessed from their names and defaults."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bnproof.recognition.aliases import SMALLEST_MOMENTUM, Role, plain, roles_of

CONSTRUCTION = (
    Role.EPS,
    Role.MOMENTUM,
    Role.RANK,
    Role.CHANNELS,
    Role.SHAPE,
    Role.GAMMA,
    Role.BETA,
    Role.RUNNING_MEAN,
    Role.RUNNING_VAR,
    Role.OPTIMIZER,
    Role.DTYPE,
    Role.AXIS,
)
"""What a constructor can be given, the more telling names first."""


@dataclass(frozen=True)
class Argument:
    """A parameter of a signature and what it is given.

    Attributes:
        name: of the parameter.
        role: what it stands for, None where nothing is known of it.
        required: whether it has no default.
        by_name: whether its name says so, and not its default or its place.
        default: its default, `inspect.Parameter.empty` where it has none.
    """

    name: str
    role: Role | None
    required: bool
    by_name: bool = True
    default: Any = inspect.Parameter.empty


@dataclass(frozen=True)
class Signature:
    """The parameters of a callable.

    Attributes:
        arguments: those with a name, in order.
        takes_any: whether it passes on keywords that it does not name.
    """

    arguments: tuple[Argument, ...] = ()
    takes_any: bool = False

    def with_role(self, role: Role) -> Argument | None:
        """The first argument of a role."""
        return next((a for a in self.arguments if a.role == role), None)


def parameters_of(function: Any) -> list[inspect.Parameter] | None:
    """The parameters of a callable, None where Python knows none."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def constructor(function: Any) -> Signature:
    """The signature of a class or factory, with the role of each parameter.

    The first required parameter of which nothing is known is the number of channels.

    >>> def make(nf, mom=0.1, tiny=1e-5, affine=True): ...
    >>> [str(a.role) for a in constructor(make).arguments]
    ['channels', 'momentum', 'eps', 'None']
    """
    parameters = parameters_of(function)
    if parameters is None:
        return Signature((Argument("channels", Role.CHANNELS, required=True, by_name=False),))
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    arguments: list[Argument] = []
    for parameter in named:
        taken = {argument.role for argument in arguments}
        arguments.append(_argument(parameter, taken))
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and not arguments:
        arguments.append(Argument("", Role.CHANNELS, required=True, by_name=False))
    return Signature(tuple(_with_channels(arguments)), takes_any)


_OTHER = re.compile(r"slope|leak|drop|prob|^p$|^act|activ|temperature|init|std|clip|threshold")
"""Names of numbers that are neither eps nor momentum, whatever their default."""


def _argument(parameter: inspect.Parameter, taken: set[Role | None]) -> Argument:
    default = parameter.default
    required = default is inspect.Parameter.empty
    roles = [r for r in CONSTRUCTION if r in roles_of(parameter.name) and r not in taken]
    roles = [role for role in roles if _fits(role, default, taken)]
    if roles:
        return Argument(parameter.name, roles[0], required, True, default)
    other = required or _OTHER.search(plain(parameter.name))
    guessed = None if other else _by_default(default, taken)
    return Argument(parameter.name, guessed, required, False, default)


def _fits(role: Role, default: Any, taken: set[Role | None]) -> bool:
    """Whether a default is one that a role can have; num_dims is a rank after the channels."""
    if role == Role.RANK:
        return Role.CHANNELS in taken
    if role in (Role.EPS, Role.MOMENTUM):
        return _is_number(default) or default in (None, inspect.Parameter.empty)
    if role in (Role.GAMMA, Role.BETA, Role.RUNNING_MEAN, Role.RUNNING_VAR):
        return default is inspect.Parameter.empty
    return True


def _by_default(default: Any, taken: set[Role | None]) -> Role | None:
    if not _is_number(default) or isinstance(default, int):
        return None
    if not 0 < default < 1:
        return None
    role = Role.EPS if default < SMALLEST_MOMENTUM else Role.MOMENTUM
    return None if role in taken else role


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _with_channels(arguments: Sequence[Argument]) -> list[Argument]:
    """The channels are the first required parameter of which nothing is known, if not named."""
    known = {Role.CHANNELS, Role.SHAPE, Role.GAMMA} & {a.role for a in arguments}
    made = list(arguments)
    for index, argument in enumerate(made):
        if not known and argument.required and argument.role is None:
            made[index] = Argument(argument.name, Role.CHANNELS, True, False)
            break
    return made
