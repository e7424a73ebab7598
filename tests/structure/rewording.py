"""Every text that our code makes about a target, replaced: here, and in the workers of a check."""

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from bnproof.engine import wording
from bnproof.engine.contract.declaration import ContractError
from bnproof.recognition.errors import NotRecognised
from bnproof.recognition.user_calls import UsersError
from bnproof.targets.declarations import DeclarationError
from bnproof.targets.text import TargetError

ERRORS = (ContractError, TargetError, DeclarationError, NotRecognised, UsersError)
VARIABLE = "BNPROOF_REWORDED"
"""Of the environment: says to a worker which rewording it is to use."""

FOLDER = Path(__file__).parent / "reworded"
ROOT = Path(__file__).parents[2]

REWORDINGS: Mapping[str, Callable[[str], str]] = {
    "reversed": lambda text: text[::-1],
    "constant": lambda text: "x" if text else "",
}
"""Texts of the same length, all different; and one text for everything that is said."""


def all_modules() -> list[ModuleType]:
    """The modules that make sentences."""
    names = [each.name for each in pkgutil.iter_modules(wording.__path__, f"{wording.__name__}.")]
    return [importlib.import_module(name) for name in names]


def reword_everything(patch: pytest.MonkeyPatch, name: str) -> None:
    """Replace what sentences and exceptions say, in this process and in those that it starts."""
    reword_here(patch, name)
    path = [str(FOLDER), str(ROOT), os.environ.get("PYTHONPATH", "")]
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    patch.setenv(VARIABLE, name)


def reword_here(patch: pytest.MonkeyPatch, name: str) -> None:
    """Replace what sentences and exceptions say, wherever they are imported in this process."""
    reword = REWORDINGS[name]
    modules = all_modules()
    made = [value for each in modules for value in _functions(each)]
    others = {function: _reworded(function, reword) for function in made}
    constants = {(n, v) for each in modules for n, v in vars(each).items() if _is_constant(n, v)}
    for module in [m for n, m in [*sys.modules.items()] if n.startswith("bnproof.")]:
        for attribute, value in [*vars(module).items()]:
            if isinstance(value, FunctionType) and value in others:
                patch.setattr(module, attribute, others[value])
            elif isinstance(value, str) and (attribute, value) in constants:
                patch.setattr(module, attribute, reword(value))
    for module in modules:
        for table in [value for value in vars(module).values() if isinstance(value, dict)]:
            if module.__name__.startswith("bnproof.") and table is not module.__dict__:
                _reword_table(patch, table, reword)
    for error in ERRORS:
        patch.setattr(error, "__str__", lambda self: reword(" ".join(map(str, self.args))))


def _functions(module: ModuleType) -> list[FunctionType]:
    """The functions that are defined in a module."""
    found = [value for value in vars(module).values() if isinstance(value, FunctionType)]
    return [function for function in found if function.__module__ == module.__name__]


def _is_constant(name: str, value: object) -> bool:
    return name.isupper() and isinstance(value, str) and name != "ACCURACY"  # that is a name


def _reword_table(
    patch: pytest.MonkeyPatch, table: dict[Any, Any], reword: Callable[[str], str]
) -> None:
    for key, value in [*table.items()]:
        if isinstance(value, str) and isinstance(table, dict):
            patch.setitem(table, key, reword(value))


def _reworded(made: FunctionType, reword: Callable[[str], str]) -> Callable[..., Any]:
    @wraps(made)
    def other(*arguments: Any, **settings: Any) -> Any:
        text = made(*arguments, **settings)
        return reword(text) if isinstance(text, str) else text

    return other
