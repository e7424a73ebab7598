"""Making objects of a target: a class, a factory, or copies of an instance."""

import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.recognition.aliases import Role, roles_of
from bnproof.recognition.objects.arrays import Arrays
from bnproof.recognition.objects.signatures import Signature, constructor, parameters_of
from bnproof.recognition.user_calls import called

SETUP = (
    "set_input_shape",
    "set_shape",
    "build",
    "initialize",
    "initialise",
    "init",
    "setup",
    "init_params",
    "init_parameters",
    "initialize_parameters",
    "init_weights",
    "initialize_weights",
)
"""Methods that prepare an object before its first call, in the order in which they are called."""


@dataclass(frozen=True)
class Wanted:
    """What an object is made for.

    Attributes:
        channels, rank: of x, with N values that need not be known.
        eps, momentum: None where the constructor's own are wanted; momentum is `CUMULATIVE` for
            the cumulative average, which a constructor is given as None.
        dtype: of the arrays that a constructor is given.
    """

    channels: int
    rank: int
    dtype: str
    eps: float | None = None
    momentum: Any = None


CUMULATIVE = "cumulative"

_LEFT = (Role.AXIS, Role.DTYPE)
"""Optional parameters that keep their defaults."""


@dataclass(frozen=True)
class Maker:
    """How an object is made.

    Attributes:
        target: the class, factory or instance.
        is_instance: whether copies of it are made.
        signature: of the constructor.
        as_shape: whether the channels are given as a shape (C,).
        setup: methods to call after the constructor.
        sent: keywords beside the named parameters that are passed on.
        recorder: an optimizer that stands in for one that the constructor or a method takes.
    """

    target: Any
    is_instance: bool = False
    signature: Signature = field(default_factory=Signature)
    as_shape: bool = False
    setup: tuple[str, ...] = ()
    sent: tuple[tuple[str, Role], ...] = ()
    recorder: Any = None

    def takes(self, role: Role) -> bool:
        """Whether a setting can be passed to the constructor."""
        if self.is_instance:
            return False
        sent = [sent_role for _, sent_role in self.sent]
        return self.signature.with_role(role) is not None or role in sent

    def make(self, wanted: Wanted, arrays: Arrays) -> Any:
        """A new object; UsersError with what the user's code raises."""
        if self.is_instance:
            made = called(copy.deepcopy, self.target)
        else:
            given = self._positional(wanted, arrays), self._named(wanted, arrays)
            made = called(self.target, *given[0], **given[1])
        for name in self.setup:
            _call_setup(made, name, wanted, self.recorder)
        return made

    def _positional(self, wanted: Wanted, arrays: Arrays) -> list[Any]:
        return [
            self._value(a.role, wanted, arrays)
            for a in self.signature.arguments
            if not a.name and a.role is not None  # the constructor has *arguments alone
        ]

    def _named(self, wanted: Wanted, arrays: Arrays) -> dict[str, Any]:
        made: dict[str, Any] = {}
        asked = {Role.EPS: wanted.eps, Role.MOMENTUM: wanted.momentum}
        for argument in self.signature.arguments:
            role = argument.role
            if not argument.name or role is None:
                continue
            if not argument.required and (asked.get(role, 0) is None or role in _LEFT):
                continue
            made[argument.name] = self._value(role, wanted, arrays)
        for name, role in self.sent:
            if asked[role] is not None:
                made[name] = self._value(role, wanted, arrays)
        return made

    def _value(self, role: Role, wanted: Wanted, arrays: Arrays) -> Any:
        """What a parameter of a role is given."""
        kind = FORMATS[wanted.dtype].dtype
        shape = (wanted.channels,)
        values: dict[Role, Callable[[], Any]] = {
            Role.CHANNELS: lambda: shape if self.as_shape else wanted.channels,
            Role.SHAPE: lambda: shape,
            Role.RANK: lambda: wanted.rank,
            Role.EPS: lambda: 1e-5 if wanted.eps is None else wanted.eps,
            Role.MOMENTUM: lambda: _momentum(wanted.momentum),
            Role.GAMMA: lambda: arrays.native(np.ones(shape, kind)),
            Role.BETA: lambda: arrays.native(np.zeros(shape, kind)),
            Role.RUNNING_MEAN: lambda: arrays.native(np.zeros(shape, kind)),
            Role.RUNNING_VAR: lambda: arrays.native(np.ones(shape, kind)),
            Role.OPTIMIZER: lambda: self.recorder,
            Role.AXIS: lambda: 1,
            Role.DTYPE: lambda: kind,
        }
        return values[role]()


def _momentum(wanted: Any) -> Any:
    if wanted is CUMULATIVE:
        return None
    return 0.1 if wanted is None else wanted


def _call_setup(made: Any, name: str, wanted: Wanted, recorder: Any) -> None:
    """Call a method that prepares an object, with what its parameters stand for."""
    method = getattr(made, name)
    given: list[Any] = []
    for parameter in parameters_of(method) or []:
        if parameter.default is not inspect.Parameter.empty:
            break
        roles = roles_of(parameter.name)
        if Role.OPTIMIZER in roles:
            given.append(recorder)
        elif Role.SHAPE in roles:
            given.append((None, wanted.channels) if name == "build" else (wanted.channels,))
        else:
            given.append(wanted.channels)
    called(method, *given)


class Recorder:
    """An optimizer that changes nothing and remembers the gradients that it was given.

    Copies share what is remembered, since layers copy the optimizer for each parameter.
    """

    def __init__(self) -> None:
        self.given: list[tuple[Any, Array]] = []

    def update(self, parameter: Any, gradient: Any, *_: Any, **__: Any) -> Any:
        """Remember a gradient, and return the parameter as it is."""
        self.given.append((parameter, np.array(gradient)))
        return parameter

    step = apply = __call__ = update

    def __copy__(self) -> "Recorder":
        return self

    def __deepcopy__(self, memo: object) -> "Recorder":
        return self


def makers_of(target: Any) -> Iterator[Maker]:
    """The ways to make objects of a target, the likeliest first."""
    if is_instance(target):
        yield Maker(target, is_instance=True)
        return
    base = Maker(target, signature=constructor(target), recorder=Recorder())
    sent = _sent(base.signature) if base.signature.takes_any else ()
    for chosen in (sent, ()) if sent else ((),):
        first = replace(base, sent=chosen)
        yield first
        if first.signature.with_role(Role.CHANNELS) is not None:
            yield replace(first, as_shape=True)


def _sent(signature: Signature) -> tuple[tuple[str, Role], ...]:
    """eps and momentum as keywords that are passed on, where the signature does not name them."""
    roles = (("eps", Role.EPS), ("momentum", Role.MOMENTUM))
    return tuple((name, role) for name, role in roles if signature.with_role(role) is None)


def with_setup(maker: Maker, made: Any) -> Maker | None:
    """The same with the methods that prepare an object, None where it has none."""
    names = tuple(name for name in SETUP if callable(getattr(made, name, None)))
    names = tuple(name for name in names if not _is_torchs_own(made, name))
    return replace(maker, setup=names) if names and not maker.setup else None


def _is_torchs_own(made: Any, name: str) -> bool:
    return str(getattr(getattr(made, name), "__module__", "")).startswith("torch.")


def is_instance(target: Any) -> bool:
    """Whether a target is an object itself, and not something that makes objects."""
    return not (isinstance(target, (type, functools.partial)) or inspect.isroutine(target))
