"""Every text that our code makes about a target, replaced: here, and in the workers of a check."""

import ast
import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
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
    made = [(name, value) for module in all_modules() for name, value in _defined(module)]
    others = {v: _reworded(v, reword) for _, v in made if isinstance(v, FunctionType)}
    constants = {(name, value) for name, value in made if isinstance(value, str)}
    for module in [m for n, m in [*sys.modules.items()] if n.startswith("bnproof.")]:
        for attribute, value in [*vars(module).items()]:
            if isinstance(value, FunctionType) and value in others:
                patch.setattr(module, attribute, others[value])
            elif isinstance(value, str) and (attribute, value) in constants:
                patch.setattr(module, attribute, reword(value))
    for table in [value for _, value in made if isinstance(value, dict)]:
        for key, value in [*table.items()]:
            if isinstance(value, str):
                patch.setitem(table, key, reword(value))
    for error in ERRORS:
        patch.setattr(error, "__str__", lambda self: reword(" ".join(map(str, self.args))))


def _defined(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What a module defines, each with its name; not what it imports."""
    for line in ast.parse(inspect.getsource(module)).body:
        if isinstance(line, ast.FunctionDef):
            yield line.name, getattr(module, line.name)
        elif isinstance(line, ast.Assign | ast.AnnAssign):
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, getattr(module, target.id)


def _reworded(made: FunctionType, reword: Callable[[str], str]) -> Callable[..., Any]:
    @wraps(made)
    def other(*arguments: Any, **settings: Any) -> Any:
        text = made(*arguments, **settings)
        return reword(text) if isinstance(text, str) else text

    return other
