"""In a checkout, the folders of ideas are imported from the top of the repository.

They are a part of this package, and stand at the top.  The links beside this file lead type
checkers and editors to them.  An import by a link would show its path in tracebacks, and not that
of the file; and on Windows, git may check out a link as a text file.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

FOLDERS = ("spec", "reference", "properties", "implementations", "mutants")
PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parent.parent


class IdeaFolders:
    """Finds the folders of ideas for imports, and nothing else."""

    def find_spec(
        self,
        name: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
        /,
    ) -> ModuleSpec | None:
        """The module of a folder of ideas, None for any other module.

        >>> IdeaFolders().find_spec("bnproof.cli") is None
        True
        """
        parent, _, folder = name.rpartition(".")
        if parent != __package__ or folder not in FOLDERS:
            return None
        return PathFinder.find_spec(name, [str(REPOSITORY)])


def is_checkout() -> bool:
    """Whether this package is in a checkout or an unpacked source distribution."""
    inits = (REPOSITORY / folder / "__init__.py" for folder in FOLDERS)
    return PACKAGE.parent.name == "src" and all(init.is_file() for init in inits)


def find_in_checkout() -> None:
    """Have imports find the folders of ideas at the top, in a checkout."""
    if is_checkout():
        sys.meta_path.insert(0, IdeaFolders())
