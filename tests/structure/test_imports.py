"""Who imports whom: the layers of ARCHITECTURE.md, measured on the imports themselves."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import bnproof

ROOT = Path(bnproof.__file__).parent
LAYERS = """
    registration idea_folders spec reference
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
    """The modules of ours that a file imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bnproof"):
            base = (node.module or "").removeprefix("bnproof").removeprefix(".")
            names = [f"{base}.{alias.name}".removeprefix(".") for alias in node.names]
            found |= {name if name in known else base for name in names}
    return found & known


MODULES = modules()
GRAPH = {name: imports(file, set(MODULES)) - {name} for name, file in MODULES.items()}


def layer_of(module: str) -> int:
    """The number of the layer that a module is in."""
    return next(n for n, layer in enumerate(LAYERS) if f"{module}.".startswith(f"{layer}."))


def test_nobody_imports_upward() -> None:
    """Catches an engine that knows a property, and every circle of packages."""
    packages = {"__init__", "engine", "conventions"}  # nothing but a docstring
    upward = [
        f"{name} imports {other}"
        for name, others in GRAPH.items()
        for other in others
        if name not in packages and layer_of(other) > layer_of(name)
    ]
    assert upward == []


def test_no_module_imports_itself() -> None:
    """Catches a circle of modules, also one that an import in a function hides."""
    TopologicalSorter(GRAPH).prepare()


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
