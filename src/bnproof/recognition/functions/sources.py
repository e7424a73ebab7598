"""What the source text of a function says: names of results, keys, modes, ranks, columns."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

from bnproof.recognition.frameworks import unwrapped

METHODS = (
    "_replace",
    "_asdict",
    "get",
    "items",
    "keys",
    "values",
    "copy",
    "update",
    "pop",
    "setdefault",
    "replace",
)
"""Attributes of a container that are no members."""

SAME = (
    *("reshape", "view", "view_as", "detach", "clone", "copy", "squeeze", "flatten", "ravel"),
    *("astype", "to", "float", "double", "contiguous", "numpy", "block_until_ready"),
)
"""Methods whose result is the same thing in another shape or place."""

TRAINING = re.compile(r"train(ing)?|fit", re.IGNORECASE)
EVALUATION = re.compile(
    r"test(ing)?|eval(uation|uate)?|infer(ence)?|pred(ict)?|val(id(ation)?)?", re.IGNORECASE
)
_FEATURES = (
    r"(n_?features?|features?|num_features|n_?units?|units|neurons|channels?|n_neurons|hidden"
    r"|number of (features|units|neurons|channels)|layer size|size of [^,()]{0,30}|n_?h(idden)?)"
)
_SAMPLES = (
    r"(m|(batch|mini_?batch)([_ ]size)?|n_?samples?|samples?|(number of )?examples|n_?examples)"
)
COLUMNS = re.compile(
    rf"\(\s*{_FEATURES}\s*,\s*{_SAMPLES}\s*\)|(samples?|examples?) (are|as|in) (the )?columns"
    r"|column per (sample|example)|features in (the )?rows",
    re.IGNORECASE,
)
"""Texts that say that samples are columns."""

PERHAPS = re.compile(r"\(\s*n(_?\[?[xlh]\]?)?\s*,\s*m\s*\)", re.IGNORECASE)
"""A text that may say so: in the notation of some lectures m is the number of samples."""

CAPITALS = re.compile(r"[ZA](\d|_|$)|[ZA]_?(prev|l)?\d?$")
"""Names of x in that notation."""


class Columns(Enum):
    """Whether the source says that samples are columns."""

    SAID = "said"
    PERHAPS = "perhaps"
    UNSAID = "unsaid"


@dataclass(frozen=True)
class Source:
    """The source text of one function, "" where it cannot be had."""

    text: str
    documentation: str = ""

    @cached_property
    def _tree(self) -> ast.AST:
        try:
            return ast.parse(textwrap.dedent(self.text))
        except SyntaxError:
            return ast.Module([], [])

    @cached_property
    def returned(self) -> dict[tuple[Any, ...], list[str]]:
        """The names of results by their place, of all return statements of the function itself.

        >>> Source("def f(x):\\n    return y, (m, v)").returned
        {(0,): ['y'], (1, 0): ['m'], (1, 1): ['v']}
        """
        found: dict[tuple[Any, ...], list[str]] = {}
        for value in _returns(self._tree):
            for place, name in _named(value, ()):
                found.setdefault(place, []).append(name)
        return found

    def members(self, parameter: str) -> list[str]:
        """The keys and attributes that the function reads or sets of a parameter.

        >>> Source("def f(x, s):\\n    return x - s['mean'] * s.get('k', 1)").members("s")
        ['mean', 'k']
        """
        found = [name for node in ast.walk(self._tree) for name in _member(node, parameter)]
        return [name for name in dict.fromkeys(found) if name not in METHODS]

    def attributes(self, parameter: str) -> list[str]:
        """The members that are read as attributes, such as params.scale."""
        nodes = (n for n in ast.walk(self._tree) if isinstance(n, ast.Attribute))
        found = [n.attr for n in nodes if _is(n.value, parameter)]
        return [name for name in dict.fromkeys(found) if name not in METHODS]

    def unpacked(self, parameter: str) -> list[str]:
        """The names that a parameter is unpacked into.

        >>> Source("def f(x, s): mean, var = s").unpacked("s")
        ['mean', 'var']
        """
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign) and _is(node.value, parameter):
                target = node.targets[0]
                if isinstance(target, (ast.Tuple, ast.List)):
                    return [n.id for n in target.elts if isinstance(n, ast.Name)]
        return []

    def compared_texts(self, parameter: str) -> list[str]:
        """The texts that a parameter, or a key of that name, is compared with."""
        found = []
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                if any(parameter in _mentioned(side) for side in sides):
                    found += [text for side in sides for text in _texts(side) if text != parameter]
        return list(dict.fromkeys(found))

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """The ranks that the function speaks of, in comparisons with a number of dimensions."""
        found: set[int] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                if any(_is_rank(side) for side in sides):
                    found |= {n for side in sides for n in _numbers(side)}
        return tuple(sorted(found & {2, 3, 4, 5}))

    @cached_property
    def literals(self) -> list[float]:
        """The numbers in the text."""
        constants = (n.value for n in ast.walk(self._tree) if isinstance(n, ast.Constant))
        return [c for c in constants if isinstance(c, float)]

    def columns(self, x: str) -> Columns:
        """Whether names or the documentation say that samples are columns.

        >>> Source("", "Z: (n_features, batch_size)").columns("z").name
        'SAID'
        """
        comments = "\n".join(re.findall(r"#.*", self.text))
        said = f"{self.documentation}\n{comments}"
        if COLUMNS.search(said):
            return Columns.SAID
        return Columns.PERHAPS if PERHAPS.search(said) or CAPITALS.match(x) else Columns.UNSAID


def source_of(function: Any) -> Source:
    """The source text of a function; of an autograd.Function its forward's."""
    return _read(unwrapped(function))


@lru_cache(maxsize=16)  # a recogniser asks again and again
def _read(function: Any) -> Source:
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        text = ""
    return Source(text, inspect.getdoc(function) or "")


# --- syntax ---------------------------------------------------------------------------------------


def _returns(tree: ast.AST) -> Iterator[ast.expr]:
    """The values of return statements, those of inner functions left out."""
    outer = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), None)
    waiting: list[ast.AST] = [] if outer is None else list(outer.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting = list(ast.iter_child_nodes(node)) + waiting


def _named(node: ast.expr, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The names in a returned value, by their places."""
    if isinstance(node, (ast.Tuple, ast.List)):
        for index, element in enumerate(node.elts):
            yield from _named(element, (*place, index))
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield from _named(value, (*place, key.value))
    else:
        name = _name(node)
        if name:
            yield place, name


def _name(node: ast.expr) -> str:
    """The name of a variable, through calls of its methods: mean.reshape(-1) is mean."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return _name(node.value) if node.attr in ("T", "data", "mT") else node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _name(node.func.value) if node.func.attr in SAME else ""
    if isinstance(node, ast.Subscript):
        key = node.slice
        texts = isinstance(key, ast.Constant) and isinstance(key.value, str)
        return str(key.value) if texts and isinstance(key, ast.Constant) else ""
    return ""


def _member(node: ast.AST, parameter: str) -> Iterator[str]:
    """The member of a parameter that a node names."""
    if isinstance(node, ast.Subscript) and _is(node.value, parameter):
        yield from _texts(node.slice)
    elif isinstance(node, ast.Attribute) and _is(node.value, parameter):
        yield node.attr
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("get", "setdefault", "pop") and _is(node.func.value, parameter):
            yield from _texts(node.args[0]) if node.args else ()
    elif isinstance(node, ast.Compare) and any(_is(c, parameter) for c in node.comparators):
        yield from _texts(node.left)


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _mentioned(node: ast.AST) -> set[str]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return names | {
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def _texts(node: ast.AST) -> list[str]:
    constants = (n for n in ast.walk(node) if isinstance(n, ast.Constant))
    return [n.value for n in constants if isinstance(n.value, str)]


def _numbers(node: ast.AST) -> list[int]:
    constants = (n for n in ast.walk(node) if isinstance(n, ast.Constant))
    return [n.value for n in constants if isinstance(n.value, int)]


def _is_rank(node: ast.AST) -> bool:
    """Whether a node is x.ndim, x.dim() or len(x.shape)."""
    if isinstance(node, ast.Attribute):
        return node.attr == "ndim"
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in ("dim", "ndimension")
    shape = (
        bool(node.args) and isinstance(node.args[0], ast.Attribute) and node.args[0].attr == "shape"
    )
    return _is(node.func, "len") and (
        shape or (bool(node.args) and isinstance(node.args[0], ast.Call))
    )
