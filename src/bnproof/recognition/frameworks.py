"""Which framework's arrays a function works on: NumPy, torch or JAX."""

import inspect
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from types import CodeType, ModuleType
from typing import Any


class Framework(StrEnum):
    """Whose arrays a function takes; the value is the name of the package."""

    NUMPY = "numpy"
    TORCH = "torch"
    JAX = "jax"

    @property
    def in_words(self) -> str:
        """As its authors write it."""
        return {"numpy": "NumPy", "torch": "torch", "jax": "JAX"}[self.value]


DEPTH = 3
"""How far helpers that a function calls are followed."""


def frameworks_of(function: Any) -> list[Framework]:
    """The frameworks to try for a function, the likeliest first.

    A framework that the function, or a helper that it calls, names comes first; then those that its
    module has imported; then NumPy.  torch and JAX are never imported for this.

    >>> import numpy as np
    >>> def forward(x): return np.mean(x)
    >>> frameworks_of(forward)[0].name
    'NUMPY'
    """
    function = unwrapped(function)
    home = str(getattr(function, "__module__", "") or "").partition(".")[0]
    found = [f for f in Framework if home in {f.value, f"{f.value}lib"}]
    used = set(_packages(function, DEPTH))
    found += [f for f in (Framework.JAX, Framework.TORCH, Framework.NUMPY) if f.value in used]
    around = getattr(function, "__globals__", {})
    held = {_package(value) for value in list(around.values())}
    likely = [Framework.NUMPY, Framework.TORCH, Framework.JAX]
    found += [f for f in likely if f.value in held]
    return list(dict.fromkeys([*found, Framework.NUMPY]))


def unwrapped(function: Any) -> Any:
    """The function inside partials and decorators; the forward of an autograd.Function."""
    if isinstance(function, type) and hasattr(function, "forward"):
        return function.forward
    for _ in range(10):
        inner = getattr(function, "func", None) or getattr(function, "__wrapped__", None)
        if inner is None:
            break
        function = inner
    return function


def _packages(function: Any, depth: int) -> Iterator[str]:
    """Top packages of the modules that the code of a function names, helpers included."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return
    around = {**getattr(function, "__globals__", {}), **_closure(function)}
    for name in _names(code):
        value = around.get(name)
        if value is None:
            continue
        package = _package(value)
        if package:
            yield package
        elif depth and inspect.isfunction(value):
            yield from _packages(value, depth - 1)


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    return dict(inspect.getclosurevars(function).nonlocals) if function.__closure__ else {}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _package(value: Any) -> str:
    """The framework that a module, class or function belongs to, "" if it is another one."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    top = str(name or "").partition(".")[0]
    top = {"jaxlib": "jax"}.get(top, top)
    return top if top in {f.value for f in Framework} and top in sys.modules else ""
