"""Lists every implementation of this folder, right or wrong, as path:Class."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def right() -> list[str]:
    """Return the right implementations."""
    return _targets(FOLDER / "right")


def wrong() -> list[str]:
    """Return the wrong implementations."""
    return _targets(FOLDER / "wrong")


def load(target: str) -> Any:
    """Return the class that a path:Class names."""
    path, _, name = target.rpartition(":")
    return getattr(_module(Path(path)), name)


def _targets(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.glob("*.py")):
        found += [f"{path}:{name}" for name in _classes(_module(path))]
    return sorted(found)


def _classes(module: Any) -> list[str]:
    return [
        name
        for name, value in inspect.getmembers(module, inspect.isclass)
        if value.__module__ == module.__name__
        and not name.startswith("_")
        and "abstract" not in vars(value)
        and any(hasattr(value, method) for method in ("train", "infer", "layer"))
    ]


def _module(path: Path) -> Any:
    name = f"zoo_{path.parent.name}_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        sys.path.insert(0, str(path.parent))
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(str(path.parent))
    return sys.modules[name]


if __name__ == "__main__":
    sys.stdout.write("\n".join([*right(), *wrong()]) + "\n")
