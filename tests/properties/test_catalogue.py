"""The list of properties and the plumbing that holds names together."""

import re
import tomllib
from pathlib import Path

import pytest

import bnproof
from bnproof.properties.catalogue import PROPERTIES, chosen

ROOT = Path(__file__).parents[2]
FOLDERS = ("spec", "reference", "properties", "implementations", "mutants")


def test_ids_are_unique_and_kebab_case() -> None:
    """Ids are promises to users; two properties must not share one."""
    ids = [p.id for p in PROPERTIES]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+/[a-z-]+", i) for i in ids)


def test_each_has_a_statement_and_a_theorem() -> None:
    """A property without a theorem is an opinion."""
    for p in PROPERTIES:
        assert p.statement.endswith(".")
        assert re.fullmatch(r"[a-z-]+", p.theorem), p.id


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    """It would check nothing and pass."""
    with pytest.raises(LookupError, match="bais"):
        chosen(("forward/bais*",))


def test_links_and_package_dir_agree() -> None:
    """Type checkers follow the links, the build package-dir: both must lead to one place."""
    directories = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for folder in FOLDERS:
        link = ROOT / "src" / "bnproof" / folder
        assert directories["package-dir"][f"bnproof.{folder}"] == folder
        assert link.resolve() == ROOT / folder


def test_every_package_is_built() -> None:
    """A sub-package that is missing from the list is missing from the wheel."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "packages"
    ]
    found = {"bnproof"}
    for folder in (*FOLDERS, "src/bnproof"):
        for init in (ROOT / folder).rglob("__init__.py"):
            inside = init.parent.relative_to(ROOT)
            parts = inside.parts[2:] if inside.parts[0] == "src" else inside.parts
            found.add(".".join(("bnproof", *parts)))

    assert found == set(packages)
    assert bnproof.__doc__
