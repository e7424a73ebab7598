"""The first lines of a script: what it imports, and how it comes by the target."""

import keyword
import os
import sys
from collections.abc import Collection
from pathlib import Path

from bnproof.replay.literals import NoScript, quoted
from bnproof.targets.text import Target

TAKEN = {*sys.stdlib_module_names, "numpy", "torch", "ml_dtypes"}


def import_lines(
    target: Target, folder: Path | None, standalone: str, used: Collection[str]
) -> list[str]:
    """Imports, the target's own last.

    ``folder`` is where the script will be, ``standalone`` the adapter as text, and ``used`` names
    the functions that the script makes arrays with.  Raises NoScript for a target that no import
    statement can name.
    """
    modules = {"sys"}
    if target.is_file and folder is not None:
        modules.add("os")
    if "packed" in used:
        modules.add("base64")
    if "copy." in standalone:
        modules.add("copy")
    lines = [*(f"import {name}" for name in sorted(modules)), "", "import numpy as np"]
    if "torch." in standalone:
        lines.append("import torch")
    if "bfloat16" in used:
        lines.append("from ml_dtypes import bfloat16  # NumPy has none of its own")
    return [*lines, "", *_target(target, folder)]


def _target(target: Target, folder: Path | None) -> list[str]:
    if target.text == "reference":
        return ["from bnproof.reference import BatchNorm", "", "TARGET = BatchNorm"]
    for attribute in target.attributes:
        _check(attribute, target.text)
    first = dict.fromkeys(attribute.split(".")[0] for attribute in target.attributes)
    held = ", ".join(target.attributes)
    given = f"({held})" if len(target.attributes) > 1 else held
    where, module = _file(target, folder) if target.is_file else ([], target.place)
    _check(module, target.text)
    return [*where, f"from {module} import {', '.join(first)}", "", f"TARGET = {given}"]


def _file(target: Target, folder: Path | None) -> tuple[list[str], str]:
    """The line that makes a file's folder known, and the name to import it by."""
    path = target.path.resolve()
    if not target.module and path.stem in TAKEN:
        raise NoScript(f"a file named {path.name} cannot be imported by its name")
    root = target.root or str(path.parent)
    where = quoted(root)
    if folder is not None:
        relative = os.path.relpath(root, folder.resolve())
        own = "os.path.dirname(os.path.abspath(__file__))"
        where = own if relative == "." else f"os.path.join({own}, {quoted(relative)})"
    return [f"sys.path.insert(0, {where})"], target.module or path.stem


def _check(dotted: str, text: str) -> None:
    for part in dotted.split("."):
        if keyword.iskeyword(part) or not part.isidentifier():
            raise NoScript(f"{part!r} in {text!r} is no name that can be imported")
