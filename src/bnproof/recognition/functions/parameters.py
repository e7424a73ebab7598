"""The parameters of a function and the roles that their names, defaults and places suggest."""

import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bnproof.recognition.aliases import (
    PER_CHANNEL,
    SMALLEST_MOMENTUM,
    STATISTICS,
    Role,
    plain,
    roles_of,
)

EMPTY = inspect.Parameter.empty
FORWARD = (
    Role.X,
    *PER_CHANNEL,
    Role.EPS,
    Role.MOMENTUM,
    Role.TRAINING,
    Role.EVALUATION,
    Role.MODE,
    Role.AXIS,
    Role.STATE,
    Role.PARAMETERS,
    Role.SETTINGS,
)
"""The roles of the arguments of forward; those without a name take them in this order."""

CONTAINERS = (Role.STATE, Role.PARAMETERS, Role.SETTINGS)
SETTINGS = (Role.EPS, Role.MOMENTUM)
FLAGS = (Role.TRAINING, Role.EVALUATION)
MOST = 40
"""Assignments of roles that are tried."""

LIMIT = 5000
"""Assignments of roles that are compared by their names."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function.

    Attributes:
        name: as the function has it.
        default: `EMPTY` where it has to be given.
        keyword: whether it can be given by its name only.
        annotation: as written, or the object.
    """

    name: str
    default: Any
    keyword: bool
    annotation: Any = EMPTY

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is EMPTY


def parameters_of(function: Any) -> list[Parameter] | None:
    """The parameters of a function, without ``*args`` and ``**kwargs``; None if it tells none.

    Of a subclass of torch.autograd.Function, those of ``apply``.

    >>> [p.name for p in parameters_of(lambda x, gamma, *, eps=1e-5: x) or ()]
    ['x', 'gamma', 'eps']
    """
    of_class = isinstance(function, type)
    try:
        signature = inspect.signature(function.forward if of_class else function)
    except (TypeError, ValueError):
        return None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    read = [
        Parameter(p.name, p.default, p.kind is p.KEYWORD_ONLY, p.annotation)
        for p in signature.parameters.values()
        if p.kind not in kinds
    ]
    return read[1:] if of_class and not _has_setup(function) else read


def _has_setup(function: type) -> bool:
    """Whether forward has no ctx, since the class has a setup_context of its own."""
    own = [base for base in function.__mro__ if not base.__module__.startswith("torch.")]
    return any("setup_context" in vars(base) for base in own)


def candidates(parameter: Parameter) -> list[Role]:
    """The roles that a parameter may have, by its name and default, the likeliest first.

    >>> [str(r) for r in candidates(Parameter("alpha", 0.9, False))]
    ['momentum']
    """
    named = [role for role in roles_of(parameter.name) if role in FORWARD]
    fitting = [role for role in named if _fits(role, parameter.default)]
    if isinstance(parameter.default, float):
        fitting = [role for role in fitting if role in SETTINGS] or fitting
    return fitting or [role for role in _by_default(parameter.default) if not named]


def _fits(role: Role, default: Any) -> bool:
    """Whether a default may be one of a role."""
    if default is EMPTY or default is None:
        return True
    if isinstance(default, bool):
        return role in FLAGS
    if isinstance(default, str):
        return role in (Role.MODE, Role.AXIS)
    if isinstance(default, float):
        return role in (*SETTINGS, Role.GAMMA, Role.BETA)
    if isinstance(default, (int, tuple, list)):
        return role not in (*FLAGS, Role.X)
    return role not in (*FLAGS, Role.EPS)


def _by_default(default: Any) -> list[Role]:
    """What a default alone says."""
    if isinstance(default, float):
        return [Role.EPS] if default < SMALLEST_MOMENTUM else [Role.MOMENTUM]
    return []


def assignments(parameters: Sequence[Parameter]) -> list[dict[str, Role]]:
    """The roles by name of the parameters that have one, all combinations, the likeliest first.

    A required parameter that says nothing of its role takes each of those that are left.
    """
    found: list[tuple[int, dict[str, Role]]] = []
    _assign([(p, _options(parameters, p)) for p in parameters], 0, {}, found)
    usable = [(cost, named) for cost, named in found if _is_usable(named)]
    return [named for _, named in sorted(usable, key=lambda each: each[0])[:MOST]]


def _assign(
    left: Sequence[tuple[Parameter, list[tuple[int, Role | None]]]],
    cost: int,
    named: dict[str, Role],
    found: list[tuple[int, dict[str, Role]]],
) -> None:
    """All choices of different roles for the parameters that are left."""
    if not left:
        found.append((cost + _disorder(list(named.values())), named))
        return
    parameter, options = left[0]
    free = [(c, role) for c, role in options if role is None or role not in named.values()]
    if parameter.required and not free:
        free = [(1000, None)]
    for more, role in free if len(found) < LIMIT else free[:1]:
        chosen = named if role is None else {**named, parameter.name: role}
        _assign(left[1:], cost + more, chosen, found)


def _is_usable(named: dict[str, Role]) -> bool:
    roles = set(named.values())
    flags, statistics = roles & set(FLAGS), roles & set(STATISTICS)
    alone = [name for name, role in named.items() if role is Role.MOMENTUM]
    unaveraged = not statistics and any(not roles_of(name) for name in alone)
    return Role.X in roles and len(flags) < 2 and len(statistics) != 1 and not unaveraged


def _disorder(roles: Sequence[Role]) -> int:
    """How many neighbours stand in an unusual order, which decides between equal names."""
    places = [FORWARD.index(role) for role in roles]
    return 3 * sum(a > b for a, b in itertools.pairwise(places))


def _options(
    parameters: Sequence[Parameter], parameter: Parameter
) -> list[tuple[int, Role | None]]:
    named = candidates(parameter)
    costs: list[tuple[int, Role | None]] = [(10 * i, role) for i, role in enumerate(named)]
    if not parameter.required:
        flags = [(5, FLAGS[0]), (8, FLAGS[1])] if is_unnamed_flag(parameter) else []
        return [(0, None), *flags] if not named else [*costs, (35, None)]
    if named and not is_vague(parameter.name):
        return costs
    taken = {
        names[0]
        for p in parameters
        if p is not parameter and not is_vague(p.name) and len(names := candidates(p)) == 1
    }
    free = [role for role in FORWARD[:7] if role not in taken and role not in named]
    return [*costs, *((3 + i, role) for i, role in enumerate(free))]


def is_clear(parameters: Sequence[Parameter], named: dict[str, Role]) -> bool:
    """Whether names alone say which role each parameter has, so that behaviour decides nothing."""
    own = [p for p in parameters if p.name in named or p.required]
    return all(len(candidates(p)) == 1 and not is_vague(p.name) for p in own)


def is_unnamed_flag(parameter: Parameter) -> bool:
    """Whether a parameter is True or False by default, and its name says nothing."""
    return isinstance(parameter.default, bool) and not roles_of(parameter.name)


def is_vague(name: str) -> bool:
    """Whether a name says little: one letter that is not x."""
    return len(plain(name)) == 1 and plain(name) != "x"


def words_of(name: str) -> str:
    """A name in snake case without the words that say that it is a result: new_, updated_, ..._out.

    >>> words_of("new_running_mean"), words_of("running_mean_out"), words_of("rm_")
    ('running_mean', 'running_mean', 'rm')
    """
    text = plain(name)
    for prefix in ("new_", "updated_", "next_", "upd_", "out_", "n_"):
        text = text.removeprefix(prefix)
    for suffix in ("_new", "_updated", "_next", "_out", "_t", "_after"):
        text = text.removesuffix(suffix)
    return text


def result_roles(name: str) -> Iterator[Role]:
    """The roles that the name of a result suggests."""
    yield from roles_of(words_of(name))
