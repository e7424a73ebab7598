"""The arrays and numbers that an object holds, wherever it keeps them: its slots.

A slot is a path of steps from the object: attributes, keys of dicts, indices of lists.  Objects of
the user's own classes are entered as well, as a small class Parameter with data and grad is.
"""

import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bnproof.recognition.aliases import GRADIENT_OF, PER_CHANNEL, Role, plain, roles_of
from bnproof.recognition.objects.arrays import Arrays

DEPTH = 4
LONGEST = 32  # longer lists hold data, not parameters
VALUES = ("data", "value", "values", "array", "w", "tensor", "val", "param")
"""Attributes of an object that is a parameter: it plays the role that its own name says."""
GRADS = ("grad", "grads", "gradient", "gradients", "g", "dparams", "d")


class Kind(StrEnum):
    """How a slot is held."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True)
class Step:
    """One step of a path: an attribute, or an item of a dict or a list."""

    key: Any
    is_item: bool = False

    def of(self, owner: Any) -> Any:
        """What the step leads to."""
        return owner[self.key] if self.is_item else getattr(owner, self.key)

    def put(self, owner: Any, value: Any) -> None:
        """Replace what the step leads to."""
        if self.is_item:
            owner[self.key] = value
        else:
            setattr(owner, self.key, value)


Path = tuple[Step, ...]


def name_of(path: Path) -> str:
    """A path as a user writes it.

    >>> name_of((Step("params"), Step("gamma", is_item=True)))
    "params['gamma']"
    """
    text = ""
    for step in path:
        if step.is_item:
            text += f"[{step.key!r}]"
        elif str(step.key).isdigit():  # a submodule of torch.nn.Sequential
            text += f"[{step.key}]"
        else:
            text += f".{step.key}" if text else str(step.key)
    return text


def roles_of_path(path: Path) -> list[Role]:
    """The roles that a slot's names suggest: the last name, or that of the parameter it is in.

    >>> [str(role) for role in roles_of_path((Step("grads"), Step("gamma", is_item=True)))]
    ['dgamma']
    >>> [str(role) for role in roles_of_path((Step("gamma"), Step("data")))]
    ['gamma']
    """
    names = [plain(step.key) for step in path if isinstance(step.key, str)]
    if not names or isinstance(path[-1].key, int):
        return []  # the name of a list says nothing of which of its items is which
    inside = names[-1] in (*VALUES, *GRADS) and len(names) > 1
    roles = roles_of(names[-2] if inside else names[-1])
    if names[-1] in GRADS or any(name in GRADS for name in names[:-1]):
        return [GRADIENT_OF.get(role, role) for role in roles]
    return roles


def per_channel_roles(path: Path) -> list[Role]:
    """Those of the roles with one value per channel."""
    return [role for role in roles_of_path(path) if role in PER_CHANNEL]


def get(owner: Any, path: Path) -> Any:
    """What a path leads to; raises AttributeError, KeyError or IndexError where there is none."""
    for step in path:
        owner = step.of(owner)
    return owner


def held(owner: Any, path: Path) -> Any:
    """What a path leads to, None where it leads nowhere."""
    try:
        return get(owner, path)
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


def put(owner: Any, path: Path, value: Any) -> None:
    """Replace what a path leads to; a tuple, which cannot be written to, is replaced as a whole."""
    parent = get(owner, path[:-1])
    if not isinstance(parent, tuple):
        path[-1].put(parent, value)
        return
    items = [value if i == path[-1].key else item for i, item in enumerate(parent)]
    made = type(parent)(*items) if hasattr(parent, "_fields") else tuple(items)
    put(owner, path[:-1], made)


def remove(owner: Any, path: Path) -> None:
    """Remove what a path leads to; in a list it becomes None, so that others keep their place."""
    parent, last = get(owner, path[:-1]), path[-1]
    if not last.is_item:
        delattr(parent, last.key)
    elif isinstance(parent, dict):
        del parent[last.key]
    else:
        parent[last.key] = None


def arrays_in(owner: Any, arrays: Arrays) -> Iterator[tuple[Path, Any]]:
    """All arrays that an object holds."""
    for path, value in leaves(owner):
        if arrays.is_array(value):
            yield path, value


def leaves(owner: Any) -> Iterator[tuple[Path, Any]]:
    """Everything that an object holds and that is not entered further."""
    yield from _leaves(owner, (), {id(owner)})


def _leaves(owner: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, Any]]:
    for step, value in _members(owner):
        here = (*path, step)
        if _is_entered(value) and len(here) < DEPTH:
            if id(value) not in seen:
                seen.add(id(value))
                yield from _leaves(value, here, seen)
        else:
            yield here, value


def _members(owner: Any) -> list[tuple[Step, Any]]:
    if isinstance(owner, dict):
        return [(Step(key, is_item=True), value) for key, value in owner.items()]
    if isinstance(owner, (list, tuple)):
        return [(Step(i, is_item=True), value) for i, value in enumerate(owner[:LONGEST])]
    if is_torch_module(owner):
        return [(Step(name), value) for name, value in _module_members(owner)]
    names = list(getattr(owner, "__dict__", {}))
    for kind in type(owner).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return [(Step(n), getattr(owner, n)) for n in dict.fromkeys(names) if hasattr(owner, n)]


def _module_members(module: Any) -> Iterator[tuple[str, Any]]:
    """Parameters, buffers and submodules, then the attributes that torch has not made."""
    yield from module.named_parameters(recurse=False)
    yield from module.named_buffers(recurse=False)
    yield from module.named_children()
    for name, value in vars(module).items():
        if name not in _OF_TORCH and _HOOKS not in name:
            yield name, value


_OF_TORCH = frozenset(
    (
        "_parameters",
        "_buffers",
        "_modules",
        "_non_persistent_buffers_set",
        "training",
        "dynamo_ctx",
        "forward",
    )
)
_HOOKS = "_hooks"
"""How the names end under which torch keeps its hooks, in every module."""


def is_torch_module(value: Any) -> bool:
    """Whether a value is a torch module; torch is not imported for this."""
    return is_torch_class(type(value))


def is_torch_class(kind: Any) -> bool:
    """Whether something is a class of torch modules."""
    return isinstance(kind, type) and any(
        base.__module__ == "torch.nn.modules.module" and base.__name__ == "Module"
        for base in kind.__mro__
    )


def _is_entered(value: Any) -> bool:
    """Containers, submodules, and objects of classes that stand where the root's class does."""
    if isinstance(value, (dict, list, tuple, types.SimpleNamespace)):
        return True
    if is_torch_module(value):
        return True
    kind = type(value)
    if isinstance(value, (type, str, bytes)) or inspect.isroutine(value):
        return False
    if not hasattr(value, "__dict__") and not hasattr(type(value), "__slots__"):
        return False
    package = kind.__module__.split(".")[0]
    return package not in _NOT_ENTERED


_NOT_ENTERED = (
    "builtins",
    "collections",
    "jax",
    "jaxlib",
    "ml_dtypes",
    "numpy",
    "torch",
    "types",
    "weakref",
)
"""Packages whose objects have an inside that is their own matter."""


def kind_of(owner: Any, path: Path) -> Kind:
    """How a slot is held: torch's parameters and buffers are state that nobody may ignore."""
    parent = held(owner, path[:-1]) if len(path) > 1 else owner
    if is_torch_module(parent):
        if path[-1].key in dict(parent.named_parameters(recurse=False)):
            return Kind.PARAMETER
        if path[-1].key in dict(parent.named_buffers(recurse=False)):
            return Kind.BUFFER
    return Kind.ATTRIBUTE


def is_registered(owner: Any, path: Path) -> bool:
    """Whether state_dict holds a slot of a torch module: a parameter, or a buffer that persists."""
    parent = held(owner, path[:-1]) if len(path) > 1 else owner
    if not is_torch_module(parent) or any(step.is_item for step in path):
        return False
    transient = getattr(parent, "_non_persistent_buffers_set", ())
    return kind_of(owner, path) is not Kind.ATTRIBUTE and path[-1].key not in transient
