"""From the roles of parameters to the arguments of a call."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from bnproof.recognition.aliases import PER_CHANNEL, Role, roles_of
from bnproof.recognition.frameworks import unwrapped
from bnproof.recognition.functions.calls import Argument
from bnproof.recognition.functions.parameters import CONTAINERS, Parameter
from bnproof.recognition.functions.sources import EVALUATION, TRAINING, Source, source_of

MEMBERS = (*PER_CHANNEL, Role.EPS, Role.MOMENTUM, Role.TRAINING, Role.EVALUATION, Role.MODE)
"""What a dict of parameters, state or settings may hold."""

COUNTERS = (Role.BATCHES_SEEN,)


def arguments_of(
    function: Any, parameters: Sequence[Parameter], named: Mapping[str, Role], *, positional: bool
) -> tuple[Argument, ...]:
    """The arguments of a call; an optional parameter without a role keeps its default.

    With ``positional`` (``apply`` of an autograd.Function) such a default is passed on.
    """
    source, made, skipped = source_of(function), [], False
    last = max((i for i, p in enumerate(parameters) if p.name in named), default=-1)
    for index, parameter in enumerate(parameters):
        role = named.get(parameter.name)
        if role is None:
            if positional and index < last and not parameter.required:
                made.append(Argument(parameter.name, "constant", values=(parameter.default, None)))
            skipped = True
            continue
        keyword = parameter.keyword or (skipped and not positional)
        made.append(_argument(function, source, parameter, role, keyword=keyword))
    return tuple(made)


def _argument(
    function: Any, source: Source, parameter: Parameter, role: Role, *, keyword: bool
) -> Argument:
    name = parameter.name
    if role in CONTAINERS:
        kind, members = _members(function, source, parameter)
        return Argument(name, "container", keyword, members=members, kind=kind)
    if role is Role.MODE:
        return Argument(name, "mode", keyword, values=mode_texts(source, parameter))
    if role in (Role.TRAINING, Role.EVALUATION):
        training = role is Role.TRAINING
        return Argument(name, "mode", keyword, values=(training, not training))
    return Argument(name, str(role), keyword)


def mode_texts(source: Source, parameter: Parameter) -> tuple[str, str]:
    """The texts that a mode has in training and in evaluation.

    >>> mode_texts(Source("if mode == 'fit': pass"), Parameter("mode", "test", keyword=False))
    ('fit', 'test')
    """
    default = [parameter.default] if isinstance(parameter.default, str) else []
    said = [*source.compared_texts(parameter.name), *default]
    training = [text for text in said if TRAINING.fullmatch(text)]
    evaluation = [text for text in said if EVALUATION.fullmatch(text)]
    return (training or ["train"])[0], (evaluation or ["test"])[0]


# --- containers -----------------------------------------------------------------------------------


def _members(
    function: Any, source: Source, parameter: Parameter
) -> tuple[str, tuple[Argument, ...]]:
    """The kind of a container, and what it holds."""
    read = source.attributes(parameter.name)
    unpacked = [] if read else source.unpacked(parameter.name)
    kind, keys = ("tuple", unpacked) if unpacked else _class_of(function, source, parameter)
    return kind, tuple(member(key, source) for key in keys)


def _class_of(function: Any, source: Source, parameter: Parameter) -> tuple[str, list[str]]:
    """The class of a container and its fields, by the annotation or by what is read of it."""
    around = getattr(unwrapped(function), "__globals__", {})
    written = parameter.annotation
    name = written if isinstance(written, str) else getattr(written, "__name__", "")
    said, read = fields_of(around.get(name)), source.members(parameter.name)
    if said:
        return name, said
    if source.attributes(parameter.name):
        for known, value in list(around.items()):
            own = fields_of(value)
            if own and set(source.attributes(parameter.name)) <= set(own):
                return known, own
    return "dict", read


def fields_of(kind: Any) -> list[str]:
    """The fields of a NamedTuple or dataclass, [] for anything else."""
    if not isinstance(kind, type):
        return []
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return list(typing.cast("tuple[str, ...]", kind._fields))
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []


def member(key: str, source: Source) -> Argument:
    """One member of a container; one without a role is None, a counter is 0."""
    roles = [role for role in roles_of(key) if role in MEMBERS]
    if not roles:
        counts = any(role in COUNTERS for role in roles_of(key))
        return Argument(key, "constant", values=(0 if counts else None, None))
    role = roles[0]
    if role is Role.MODE:
        return Argument(key, "mode", values=mode_texts(source, Parameter(key, None, keyword=False)))
    if role in (Role.TRAINING, Role.EVALUATION):
        training = role is Role.TRAINING
        return Argument(key, "mode", values=(training, not training))
    return Argument(key, str(role))


def with_member(arguments: tuple[Argument, ...], key: str, source: Source) -> tuple[Argument, ...]:
    """The arguments with a key that a container lacked, in the last container."""
    holders = [a for a in arguments if a.role == "container" and a.kind == "dict"]
    if not holders:
        return arguments
    last = holders[-1]
    more = replace(last, members=(*last.members, member(key, source)))
    return tuple(more if a is last else a for a in arguments)
