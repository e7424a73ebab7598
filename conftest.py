"""Doctests of the folders of ideas are collected at the top, and not by the links in src/."""

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the links out."""
    return True if collection_path.is_symlink() and collection_path.is_dir() else None


def pytest_collect_file(file_path: Path) -> None:
    """Have pytest take a file of these folders for the module of bnproof that it is."""
    from bnproof.idea_folders import FOLDERS  # noqa: PLC0415  # not in every run of the tests

    inside = file_path.relative_to(ROOT).with_suffix("")
    if inside.parts[0] in FOLDERS and file_path.suffix == ".py":
        name = ".".join(inside.parts).removesuffix(".__init__")
        sys.modules[name] = import_module(f"bnproof.{name}")
