"""Where a target is defined: its file and line, found without importing anything."""

import ast

from bnproof.targets.text import Target, TargetError, parse


def definition(text: str) -> dict[str, str]:
    """The file of a target and the line where it is defined, as far as they are known.

    >>> definition("torch.nn:BatchNorm2d")
    {}
    """
    try:
        target = parse(text)
    except TargetError:
        return {}
    if not target.is_file:
        return {}
    line = _line(target)
    return {"file": target.place, "line": str(line) if line else ""}


def _line(target: Target) -> int:
    """The line that defines the target in its file, 0 if none is found."""
    try:
        tree: ast.AST = ast.parse(target.path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0
    found = 0
    for name in target.attributes[0].split(".") if target.attributes else []:
        node = next((each for each in getattr(tree, "body", []) if name in _names(each)), None)
        if node is None:
            return found
        tree, found = node, node.lineno
    return found


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return [node.name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name() as target):
            return [target.id]
    return []
