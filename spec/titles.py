"""Ids and titles of all theorems, read from the text of the chapters, without SymPy's second."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("theorems")
CONTENTS = Path(__file__).with_name("contents.py")


@cache
def titles() -> dict[str, str]:
    """The title of each theorem by its id, in the order in which `contents.THEOREMS` has them.

    >>> titles()["duplicated-batch"]
    'A batch repeated is the batch'
    """
    return {id_: title for chapter in _chapters() for id_, title in _decorated(chapter)}


def _chapters() -> Iterator[str]:
    """The modules whose theorems are in the contents, in their order: `defined_in(module, ...)`."""
    tree = ast.parse(CONTENTS.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "defined_in"]
    for call in sorted(found, key=lambda c: c.lineno):
        module = call.args[0]
        if isinstance(module, ast.Name):
            yield module.id


def _decorated(chapter: str) -> Iterator[tuple[str, str]]:
    """The first two arguments of each `@theorem(...)`."""
    tree = ast.parse((FOLDER / f"{chapter}.py").read_text(encoding="utf-8"))
    for function in tree.body:
        for call in getattr(function, "decorator_list", ()):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "theorem":
                id_, title = (ast.literal_eval(argument) for argument in call.args[:2])
                yield id_, title
