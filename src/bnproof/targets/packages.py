"""By which name a file is imported: alone, or as a module of the package that it is in."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """How a file is imported.

    Attributes:
        root: the folder that has to be on the path.
        module: the dotted name from there.
    """

    root: Path
    module: str


def packaged(path: Path) -> Place | None:
    """The place of a file in a package, None for a file in a plain folder.

    A folder is part of a package if it has an ``__init__.py``.
    """
    if not (path.parent / "__init__.py").is_file():
        return None
    return above(path, next(p for p in path.parents if not (p / "__init__.py").is_file()))


def above(path: Path, root: Path) -> Place:
    """The place of a file seen from a folder above it.

    >>> above(Path("/a/common/layers.py"), Path("/a")).module
    'common.layers'
    """
    parts = path.relative_to(root).with_suffix("").parts
    named = parts[:-1] if parts[-1] == "__init__" else parts
    return Place(root, ".".join(named))


def wanted(path: Path, error: ImportError) -> Place | None:
    """Where a file in a plain folder has to be imported from, as the error of its import says.

    That is the folder above one that the file imports by its name (``from common.x import y`` in
    common/layers.py), or its parent's folder for a relative import.
    """
    if error.name is None and not isinstance(error, ModuleNotFoundError):
        return above(path, path.parent.parent) if _is_relative(error) else None
    top = (error.name or "").partition(".")[0]
    root = next((p.parent for p in path.parents if p.name == top), None)
    return None if root is None else above(path, root)


def _is_relative(error: ImportError) -> bool:
    """Whether an error is Python's refusal of a relative import outside of a package."""
    return error.name is None and error.path is None and not error.args[1:]
