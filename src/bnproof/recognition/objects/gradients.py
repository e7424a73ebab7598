"""Gradients by an object's own backward: what it returns, and what it leaves behind."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.aliases import Role, roles_of
from bnproof.recognition.objects.arrays import Arrays
from bnproof.recognition.objects.call_modes import Returned
from bnproof.recognition.objects.signatures import parameters_of
from bnproof.recognition.objects.slots import Path, arrays_in, held, put, remove, roles_of_path
from bnproof.recognition.user_calls import called

BACKWARD = (
    "backward",
    "backward_pass",
    "backward_propagation",
    "backward_prop",
    "backprop",
    "bprop",
    "back_propagation",
    "backpropagate",
    "back",
    "gradient",
    "gradients",
    "grad",
    "calc_gradients",
    "compute_gradients",
    "vjp",
)
AFFINE_GRADIENTS = (Role.DGAMMA, Role.DBETA)


@dataclass(frozen=True)
class Backward:
    """How gradients come out of a backward method.

    Attributes:
        method: its name.
        takes_cache: the name of the parameter that is given what forward returned beside y.
        returned: the role of each returned result, () where dx alone is returned.
        left: where gradients are left behind, by role.
    """

    method: str
    takes_cache: str = ""
    dy_name: str = ""
    returned: tuple[Role, ...] = ()
    left: tuple[tuple[Role, Path], ...] = ()

    def call(self, owner: Any, dy: Any, result: Returned) -> Any:
        """What the method returns; UsersError with what the user's code raises."""
        method = getattr(owner, self.method)
        if not self.takes_cache:
            return called(method, dy)
        return called(method, **{self.dy_name: dy, self.takes_cache: result.cache})


def backward_of(owner: Any) -> Backward | None:
    """The backward method of an object, None if it has none that can be called."""
    for name in BACKWARD:
        method = getattr(owner, name, None)
        if not callable(method):
            continue
        parameters = parameters_of(method)
        if parameters is None:
            return Backward(name)
        required = [p for p in parameters if p.default is inspect.Parameter.empty and _named(p)]
        optional = [p for p in parameters if p.default is not inspect.Parameter.empty]
        if len(required) == 1 or (not required and optional):
            return Backward(name)
        if len(required) == 2:  # dy and a cache
            cache = next((p for p in required if Role.CACHE in roles_of(p.name)), required[1])
            dy = next(p for p in required if p is not cache)
            return Backward(name, cache.name, dy.name)
    return None


def _named(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


@dataclass(frozen=True, eq=False)
class Expected:
    """The gradients that a right backward would give, to tell results of no name apart."""

    dx: Array
    dgamma: Array
    dbeta: Array

    def of(self, role: Role) -> Array:
        """The expected gradient of a role."""
        return {Role.DX: self.dx, Role.DGAMMA: self.dgamma, Role.DBETA: self.dbeta}[role]

    def matches(self, role: Role, got: Array) -> bool:
        """Whether a result looks like the gradient of a role."""
        expected = self.of(role)
        if got.size != expected.size:
            return False
        return bool(np.allclose(got.reshape(expected.shape), expected, rtol=1e-2, atol=1e-2))


def settled(
    results: Sequence[tuple[str, Array]], expected: Expected, channels: int
) -> tuple[Role, ...]:
    """The role of each returned array: by its name, then by its shape and values, then by order.

    Where names are silent, results in the order (dx, dbeta, dgamma) are told from (dx, dgamma,
    dbeta) by their values; where these match neither, the usual order is assumed.
    """
    made: list[Role | None] = []
    for name, value in results:
        named = next((r for r in roles_of(name) if r in (Role.DX, *AFFINE_GRADIENTS)), None)
        whole = value.shape == expected.dx.shape
        made.append(named or (Role.DX if whole and Role.DX not in made else None))
    left = [role for role in AFFINE_GRADIENTS if role not in made]
    open_ = [i for i, role in enumerate(made) if role is None and results[i][1].size == channels]
    if len(open_) == 2 and len(left) == 2:  # dgamma and dbeta
        first, second = (results[i][1] for i in open_)
        swapped = expected.matches(Role.DBETA, first) and expected.matches(Role.DGAMMA, second)
        left = left[::-1] if swapped else left
    for index, role in zip(open_, left, strict=False):
        made[index] = role
    return tuple(role or Role.CACHE for role in made)


def left_behind(
    owner: Any, before: dict[Path, Array], arrays: Arrays, expected: Expected, channels: int
) -> Iterator[tuple[Role, Path]]:
    """Where a backward left dx, dgamma and dbeta: by names, then by what they hold."""
    changed = {
        path: plain
        for path, value in arrays_in(owner, arrays)
        if arrays.is_floating(value) and _is_new(before, path, plain := arrays.plain(value))
    }
    found: dict[Role, Path] = {}
    for role in (Role.DX, *AFFINE_GRADIENTS):
        size = expected.of(role).size if role == Role.DX else channels
        fitting = [path for path, value in changed.items() if value.size == size]
        named = [path for path in fitting if role in roles_of_path(path)]
        alike = [path for path in fitting if expected.matches(role, changed[path])]
        chosen = [p for p in named if p in alike] or named or (alike if role != Role.DX else [])
        if chosen:
            found[role] = chosen[0]
    yield from found.items()


def _is_new(before: dict[Path, Array], path: Path, value: Array) -> bool:
    return path not in before or not np.array_equal(before[path], value, equal_nan=True)


def reset(owner: Any, paths: Sequence[Path], before: Mapping[Path, Any], arrays: Arrays) -> None:
    """Put gradients back to what they were before backward, so that they do not accumulate."""
    for path in paths:
        value = before.get(path)
        if value is None and held(owner, path) is not None:
            remove(owner, path)
        elif arrays.is_array(value):
            put(owner, path, arrays.native(np.zeros_like(arrays.plain(value)), copied=True))
