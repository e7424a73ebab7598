"""Who imports whom: the layers of ARCHITECTURE.md, measured on the imports themselves."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path

import pytest

import bnproof

ROOT = Path(bnproof.__file__).parent
LAYERS = """
    registration idea_folders spec.kernel spec.terms spec.theorems spec spec.publishing reference
    engine.model engine.contract engine.wording engine.truth engine.portfolio engine.execution
    engine.judging engine.network engine.search certify properties mutants
    conventions.libraries conventions.identify recognition implementations targets sandbox
    store causes known_failures check replay report
    skeletons selftest grading studies testing pytest_plugin cli __main__
    """.split()  # noqa: SIM905  # reads as the list of layers that it is
"""All packages and top modules, lowest first; each imports lower ones only."""


def modules() -> dict[str, Path]:
    """All modules by name; the folders of ideas are links, which `rglob` does not follow."""
    files = [*ROOT.glob("*.py"), *(f for d in ROOT.iterdir() for f in d.rglob("*.py"))]
    dotted = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in dotted.items()}


def imports(file: Path, known: set[str]) -> set[str]:
    """The modules of ours that a file imports, at its top or in a function, in any form."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for name in names_in(node):
            _, _, inner = name.partition(".")
            found.add(inner if inner in known else inner.rpartition(".")[0])
    return found & known


def names_in(node: ast.AST) -> list[str]:
    """What a statement or a call imports of bnproof: modules, and names in modules."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Call):
        function = node.func
        called = (
            function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        )
        if called in ("import_module", "__import__"):
            names = [str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)]
    return [name for name in names if name.startswith("bnproof.")]


@pytest.mark.parametrize(
    "text",
    [
        "import bnproof.engine.model.case",
        "import bnproof.engine.model.case as c",
        "from bnproof.engine.model import case",
        "from bnproof.engine.model.case import Case",
        "import_module('bnproof.engine.model.case')",
        "def f():\n    importlib.import_module('bnproof.engine.model.case')",
    ],
)
def test_every_form_of_import_is_seen(text: str, tmp_path: Path) -> None:
    """Catches a form of import by which a module gets past the layers."""
    file = tmp_path / "module.py"
    file.write_text(text, encoding="utf-8")
    assert imports(file, set(modules())) == {"engine.model.case"}


ABOVE_LAYERS = ("__init__", "engine", "conventions")
"""Packages that hold layers; `test_packages_above_layers_import_none` holds them to that."""


@cache
def graph() -> dict[str, set[str]]:
    """Whom each module imports; formed by the first test that asks, and not in each collection."""
    files = modules()
    return {name: imports(file, set(files)) - {name} for name, file in files.items()}


def layer_of(module: str) -> int:
    """The number of the layer that a module is in."""
    inside = [layer for layer in LAYERS if f"{module}.".startswith(f"{layer}.")]
    return LAYERS.index(max(inside, key=len))


def test_nobody_imports_upward() -> None:
    """Catches an engine that knows a property, and every circle of packages."""
    upward = [
        f"{name} imports {other}"
        for name, others in graph().items()
        for other in others
        if name not in ABOVE_LAYERS and layer_of(other) > layer_of(name)
    ]
    assert upward == []


def test_the_mathematics_imports_nothing_that_computes_with_it() -> None:
    """Catches a theorem or a reference that leans on the engine that it is to judge."""
    of = "spec", "reference"
    others = {other for name, found in graph().items() if name.startswith(of) for other in found}
    assert {name for name in others if not name.startswith((*of, "registration"))} == set()


def test_packages_above_layers_import_none() -> None:
    """Catches a package that imports upward because no layer is asked of it."""
    assert {
        other for name in ABOVE_LAYERS for other in graph()[name] if other != "idea_folders"
    } == set()


def test_no_module_imports_itself() -> None:
    """Catches a circle of modules, also one that an import in a function hides."""
    TopologicalSorter(graph()).prepare()


DECORATORS = {"statement", "relation_statement", "network_property", "recurrence"}
"""What makes the function below a property."""


def test_properties_contain_statements_only() -> None:
    """Catches a helper in properties/, which belongs in the engine."""
    files = [f for f in (ROOT / "properties").rglob("*.py") if f.stem != "catalogue"]
    assert [f"{f.name}: {name}" for f in files for name in helpers(f)] == []


def helpers(file: Path) -> list[str]:
    """The public functions and classes of a file that are no statements."""
    defined = (ast.FunctionDef, ast.ClassDef)
    nodes = [n for n in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(n, defined)]
    return [n.name for n in nodes if not n.name.startswith("_") and not decorated(n)]


def decorated(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a function is made a property where it is defined."""
    calls = [d.func for d in node.decorator_list if isinstance(d, ast.Call)]
    return any(isinstance(c, ast.Name) and c.id in DECORATORS for c in calls)


IDEAS = {"spec", "reference", "properties", "implementations", "mutants"}
"""Folders of ideas: a subject, such as "running", has one name in all of them."""

PARALLEL = {"__init__", "__main__", "catalogue"}
"""Names that packages share on purpose: a catalogue lists what its package has."""


def test_neighbours_have_no_modules_of_one_name() -> None:
    """Catches `check.parts` beside `grading.parts`: two things that an import may confuse."""
    shared = [
        f"{one}.{name} and {other}.{name}"
        for one, other in combinations(sorted(rooms()), 2)
        if are_neighbours(one, other)
        for name in (rooms()[one] & rooms()[other]) - PARALLEL - verbs(one, other)
    ]
    assert shared == []


def rooms() -> dict[str, set[str]]:
    """The names of the modules in each package."""
    found: dict[str, set[str]] = {}
    for module, file in modules().items():
        package, _, name = module.rpartition(".")
        if file.stem != "__init__":
            found.setdefault(package, set()).add(name)
    return found


def are_neighbours(one: str, other: str) -> bool:
    """Whether packages have the same parent, and are not both folders of ideas."""
    return one.rpartition(".")[0] == other.rpartition(".")[0] and not {one, other} <= IDEAS


def verbs(one: str, other: str) -> set[str]:
    """A file of cli/ has the name of its verb, which may be what another package is about."""
    return set(rooms()["cli"]) if "cli" in (one, other) else set()
