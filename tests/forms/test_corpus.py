"""The corpus is complete and consistent; what the product says about it is tested elsewhere."""

import ast
import importlib.util
from dataclasses import fields
from pathlib import Path

import pytest
from tests.forms.expected import FORMS, RIGHT, WRONG
from tests.forms.form import Form

from bnproof.engine.contract.declaration import Declaration
from bnproof.mutants.catalogue import MUTANTS

IDS = frozenset(mutant.id for mutant in MUTANTS)
TWINS = pytest.mark.parametrize("folder", [RIGHT, WRONG], ids=["right", "wrong"])
each = pytest.mark.parametrize("form", FORMS, ids=lambda form: Path(form.file).stem)


def names_defined(tree: ast.Module) -> set[str]:
    """The names that a file defines on its first level."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_at_least_forty_forms() -> None:
    """Catches a corpus that shrinks."""
    assert len(FORMS) >= 40


def test_numbers_are_unique() -> None:
    """Catches two forms with one number, and a file with another number than its form."""
    assert len({form.number for form in FORMS}) == len(FORMS)
    assert [form.number for form in FORMS] == [int(form.file[:2]) for form in FORMS]


@TWINS
def test_each_file_belongs_to_a_form(folder: Path) -> None:
    """Catches a file that no form lists, a form without a file, and a twin that is missing."""
    assert {path.name for path in folder.iterdir() if path.suffix == ".py"} == {
        form.file for form in FORMS
    }


@each
def test_the_code_of_the_twins_differs(form: Form) -> None:
    """Catches twins that differ in comments and layout only."""
    right, wrong = ((folder / form.file).read_text() for folder in (RIGHT, WRONG))
    assert ast.dump(ast.parse(right)) != ast.dump(ast.parse(wrong))


@TWINS
@each
def test_the_target_is_in_the_file(form: Form, folder: Path) -> None:
    """Catches a target that is misspelt."""
    attributes = form.target.partition(":")[2]
    tree = ast.parse((folder / form.file).read_text())
    assert set(filter(None, attributes.split(","))) <= names_defined(tree)


@TWINS
@each
def test_the_file_needs_what_its_form_says(form: Form, folder: Path) -> None:
    """Catches an import of a package other than numpy, torch and the form's extra."""
    tree = ast.parse((folder / form.file).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    modules = {alias.name for node in imports for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {module.partition(".")[0] for module in modules}
    standard = {"abc", "collections", "copy", "dataclasses", "functools", "typing"}
    assert packages - standard <= {"numpy", "torch", form.extra}


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch.compile's own imports
@TWINS
@each
def test_the_file_loads(form: Form, folder: Path) -> None:
    """Catches a twin that raises when it is imported, whatever its mistake is."""
    if form.extra == "jax":
        pytest.importorskip("jax")
    if "torch" in (folder / form.file).read_text():
        pytest.importorskip("torch")
    name = f"{folder.name}_{Path(form.file).stem}"
    spec = importlib.util.spec_from_file_location(name, folder / form.file)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@each
def test_causes_exist(form: Form) -> None:
    """Catches the id of a mutant that is renamed, and a mistake without cause and reason."""
    assert set(form.causes) <= IDS
    assert bool(form.causes) != bool(form.no_cause_because)


@each
def test_flags_name_attributes_of_the_contract(form: Form) -> None:
    """Catches a flag of a convention that the contract does not have."""
    known = {field.name for field in fields(Declaration)}
    assert {flag.partition("=")[0] for flag in form.declare} <= known


@TWINS
@each
def test_roles_are_names_in_the_file(form: Form, folder: Path) -> None:
    """Catches a role whose attribute, argument or key is not in the user's code."""
    text = (folder / form.file).read_text()
    inherited = {"weight", "bias", "running_mean", "running_var"}  # of torch's own classes
    parts = {part for name in form.roles.values() for part in name.split(".")}
    own = {part for part in parts - inherited if not part.isdigit()}  # a place in Sequential
    assert [name for name in sorted(own) if name not in text] == []


@each
def test_parts_and_roles_agree(form: Form) -> None:
    """Catches a part that is declared missing and has a role all the same, and the reverse."""
    assert ("gamma" in form.without) == ("gamma" not in form.roles)
    assert ("beta" in form.without) == ("beta" not in form.roles)
    assert ("running-statistics" in form.without) == ("running_mean" not in form.roles)
    assert ("running_mean" in form.roles) == ("running_var" in form.roles)
    averages = not {"running-statistics", "training"} & set(form.without)
    assert averages == bool(form.momentum_weighs)
