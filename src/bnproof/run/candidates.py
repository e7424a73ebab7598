"""What in a module looks as if it could be a target."""

import inspect
from types import ModuleType
from typing import Any

from bnproof.properties.contract import METHODS

SHOWN = 8


def usable(found: Any) -> list[str]:
    """Names in a module or class that look usable: objects with train or infer, norms, pairs.

    >>> import types
    >>> module = types.ModuleType("mine")
    >>> module.MyBatchNorm = type("MyBatchNorm", (), {"train": print, "__module__": "mine"})
    >>> module.helper = 3
    >>> usable(module)
    ['MyBatchNorm']
    """
    names = [name for name in dir(found) if not name.startswith("_")]
    members = {name: inspect.getattr_static(found, name, None) for name in names}
    own = {name: m for name, m in members.items() if _is_own(found, m)}
    return _pairs(own) + [name for name, member in own.items() if _looks_usable(name, member)]


def _is_own(found: Any, member: Any) -> bool:
    """Whether a member was made there; what a file imports from elsewhere is not offered."""
    if not isinstance(found, ModuleType) or hasattr(found, "__path__"):
        return True  # packages such as torch.nn gather what is made elsewhere
    return getattr(member, "__module__", found.__name__) == found.__name__


def _looks_usable(name: str, member: Any) -> bool:
    if isinstance(member, ModuleType) or inspect.isfunction(member):
        return False
    if isinstance(member, type):
        is_norm = "batchnorm" in name.lower().replace("_", "")
        from_torch = member.__module__.startswith("torch.")  # where every module has a `train`
        return is_norm or (not from_torch and any(hasattr(member, method) for method in METHODS))
    return any(callable(getattr(member, method, None)) for method in METHODS)


def pair_of(module: Any, forward: str) -> str:
    """A function of a module together with its backward, "" if there is none."""
    backward = forward.replace("forward", "backward")
    return f"{forward},{backward}" if backward != forward and hasattr(module, backward) else ""


def _pairs(members: dict[str, Any]) -> list[str]:
    """Pairs of functions that differ in forward and backward alone."""
    forwards = [n for n, m in members.items() if "forward" in n and inspect.isfunction(m)]
    pairs = [(name, name.replace("forward", "backward")) for name in forwards]
    return [f"{forward},{backward}" for forward, backward in pairs if backward in members]


def listed(label: str, names: list[str]) -> str:
    """Names as a second line of a message, the first few of them.

    >>> listed("there", ["a", "b"])
    '\\nthere: a, b'
    """
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"\n{label}: {', '.join(names[:SHOWN])}{more}"
