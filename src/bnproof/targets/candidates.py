"""What in a module looks like a batch normalization: classes, instances, functions, pairs."""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from bnproof.engine.model.names import METHODS
from bnproof.recognition.functions.user_functions import is_function, kind_of, takes_parameters
from bnproof.recognition.user_calls import UsersError, called

SHOWN = 8

NORM = re.compile(r"(^|_)bn(\d?d)?(_|$)|batch_?norm|batch_?normali[sz]", re.IGNORECASE)
"""Names of batch normalizations, in snake case."""

HELPER = (
    r"(layer|group|instance|rms|weight|spectral|local_?response|l[12])_?norm|^tests?_|^check_|^plot"
    r"|^(init|get|load|save|print|show|compare|verify|numeric|run|demo|example|time|bench)_|^main$"
)
"""Names that are never a batch normalization's."""

AROUND = r"(^|_)net(work)?(_|$)|model|loss|linear|relu|dropout|softmax|conv(?!.*norm)"
"""Names of what may hold one, such as ConvBN, which counts if nothing else does."""

OTHER = re.compile(f"{HELPER}|{AROUND}", re.IGNORECASE)
"""Names of other things."""

PERHAPS = re.compile(r"norm", re.IGNORECASE)
"""Names that may be of a batch normalization."""

STEPS = re.compile(
    r"(?<![a-z])(forwards?|fwd|backwards?|bwd|backprop|bprop|back|gradients?|grad|training|train"
    r"|test|evaluate|eval|inference|infer|predict|pass|d)(?![a-z])|(?<![a-z])d(?=bn|batch|norm)"
)
"""The words of a name that say which step of a pair a function is."""


@dataclass(frozen=True)
class Candidate:
    """One thing that may be a target.

    Attributes:
        attributes: its name, or the names of a pair.
        named: how clearly its name says that it is a batch normalization: 2, 1 or 0.
    """

    attributes: tuple[str, ...]
    named: int

    @property
    def text(self) -> str:
        """As it is written after the colon."""
        return ",".join(self.attributes)


def candidates(module: ModuleType) -> list[Candidate]:
    """What in a module looks like a batch normalization; those with the clearest names.

    What the module imports, and what one of its classes uses itself, is left out.

    >>> module = ModuleType("mine")
    >>> module.MyBatchNorm = type("MyBatchNorm", (), {"train": print, "__module__": "mine"})
    >>> module.Linear = type("Linear", (), {"train": print, "__module__": "mine"})
    >>> [candidate.text for candidate in candidates(module)]
    ['MyBatchNorm']

    Where nothing of its own is, these count, one after the other: instances of imported classes
    and partial functions; names that say something else too, such as ConvBN; the one class or
    instance with a forward.
    """
    for stage in (_plain, _foreign, _around, _unnamed):
        found = stage(module)
        if found:
            clearest = max(c.named for c in found)
            return [c for c in found if c.named == clearest]
    return []


def _plain(module: ModuleType) -> list[Candidate]:
    """What the module defines, by its name or its methods; helpers of its classes left out."""
    own = {name: m for name, m in vars(module).items() if _is_public(module, name, m)}
    found = [*_classes(own), *_instances(own), *_functions(own)]
    used = {name for c in found for name in _used_by(own[c.attributes[0]])}
    return [c for c in found if not used & set(c.attributes)] or found


def _foreign(module: ModuleType) -> list[Candidate]:
    """What the module makes of other things: instances of imported classes, partial functions."""
    held = _made_there(module, OTHER)
    return [*_instances(held), *_functions(held)]


def _around(module: ModuleType) -> list[Candidate]:
    """Classes and instances whose name says batch normalization, and something else besides."""
    kept = re.compile(HELPER, re.IGNORECASE)
    classes = {n: m for n, m in vars(module).items() if isinstance(m, type) and _is_own(module, m)}
    return [
        Candidate((name,), 1)
        for name in [*classes, *_made_there(module, kept)]
        if NORM.search(_snake(name)) and not kept.search(_snake(name)) and not name.startswith("_")
    ]


def _unnamed(module: ModuleType) -> list[Candidate]:
    """The one class or instance with a forward, whatever it is called; [] if there are more."""
    own = {name: m for name, m in vars(module).items() if _is_public(module, name, m)}
    classes = {name: m for name, m in own.items() if isinstance(m, type)}
    held = {
        name: m for name, m in _made_there(module, OTHER).items() if type(m).__name__ not in classes
    }
    found = [Candidate((n,), 0) for n, m in {**classes, **held}.items() if _has_forward(m)]
    return found if len(found) == 1 else []


def _has_forward(member: Any) -> bool:
    """Whether a class or an instance has a forward, and a vector if it is a torch module."""
    if isinstance(member, ModuleType) or not callable(getattr(member, "forward", None)):
        return False
    told = [getattr(member, name, None) for name in ("named_parameters", "named_buffers")]
    if isinstance(member, type) or None in told:
        return True
    return any(_may_hold_a_vector(tell) for tell in told if tell)


def _may_hold_a_vector(tell: Callable[[], Iterable[tuple[str, Any]]]) -> bool:
    """Whether one of some tensors is a vector, or torch's lazy one, whose shape is not known yet.

    What is raised here is raised again, and reported, when the target is recognised.
    """
    try:
        shapes = called(lambda: [array.shape for _, array in tell()])
    except UsersError:
        return True
    return any(len(shape) == 1 for shape in shapes)


def _made_there(module: ModuleType, other: re.Pattern[str]) -> dict[str, Any]:
    """Instances and partial functions that the text of the module assigns to public names."""
    assigned = _assigned(module)
    return {
        name: member
        for name, member in vars(module).items()
        if name in assigned
        and not name.startswith("_")
        and not other.search(_snake(name))
        and not isinstance(member, (type, ModuleType))
        and not inspect.isroutine(member)
        and callable(member)
    }


def _assigned(module: ModuleType) -> set[str]:
    """The names that statements of the module itself assign, and imports do not."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):  # it has no file
        return set()
    stored = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def usable(found: Any) -> list[str]:
    """Names in a module or class that look usable, as they are written after the colon.

    >>> import types
    >>> module = types.ModuleType("mine")
    >>> module.MyBatchNorm = type("MyBatchNorm", (), {"train": print, "__module__": "mine"})
    >>> module.helper = 3
    >>> usable(module)
    ['MyBatchNorm']
    """
    names = [name for name in dir(found) if not name.startswith("_")]
    members = {name: inspect.getattr_static(found, name, None) for name in names}
    own = {name: m for name, m in members.items() if _is_own(found, m)}
    made = [c.text for c in _functions(own)]
    return made + [name for name, member in own.items() if _is_class_or_instance(name, member)]


def _is_public(module: ModuleType, name: str, member: Any) -> bool:
    return not name.startswith("_") and _is_own(module, member) and not OTHER.search(_snake(name))


def _is_own(found: Any, member: Any) -> bool:
    """Whether a member was made there; what a file imports from elsewhere is not offered."""
    if not isinstance(found, ModuleType) or hasattr(found, "__path__"):
        return True  # packages such as torch.nn gather what is made elsewhere
    kind = member if isinstance(member, type) or inspect.isroutine(member) else type(member)
    home = getattr(kind, "__module__", None)
    return (getattr(member, "__module__", None) or home or found.__name__) == found.__name__


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _named(name: str) -> int:
    """How clearly a name is that of a batch normalization.

    >>> _named("MyBatchNorm1d"), _named("Norm"), _named("LayerNorm"), _named("BNLayer")
    (2, 1, 0, 2)
    """
    snake = _snake(name)
    if OTHER.search(snake):
        return 0
    return 2 if NORM.search(snake) or NORM.search(name) else int(bool(PERHAPS.search(snake)))


# --- classes and instances ------------------------------------------------------------------------


def _classes(own: Mapping[str, Any]) -> Iterator[Candidate]:
    for name, member in own.items():
        if isinstance(member, type) and _is_class_or_instance(name, member):
            yield Candidate((name,), _named(name))


def _instances(own: Mapping[str, Any]) -> Iterator[Candidate]:
    """Objects whose class is not there, or is not a candidate itself."""
    for name, member in own.items():
        is_thing = not isinstance(member, (type, ModuleType)) and not is_function(member)
        classes = [type(member).__name__]
        if is_thing and _is_class_or_instance(name, member) and not set(classes) & own.keys():
            yield Candidate((name,), max(_named(name), _named(classes[0])))


def _is_class_or_instance(name: str, member: Any) -> bool:
    """Whether a class or an object has such a name, or the methods of the contract."""
    is_class = isinstance(member, type)
    if isinstance(member, ModuleType) or (is_function(member) and not is_class):
        return False
    kind = member if is_class else type(member)
    if _named(name) or (not is_class and _named(kind.__name__)):
        return is_class or callable(member) or hasattr(kind, "forward")
    if is_class and is_function(member):
        return takes_parameters(member)
    from_torch = any(base.__module__.startswith("torch.") for base in kind.__mro__)
    return not from_torch and any(callable(getattr(member, method, None)) for method in METHODS)


def _used_by(member: Any) -> set[str]:
    """Names that the methods of a class use, which are its helpers."""
    if not isinstance(member, type):
        return set()
    methods = (getattr(m, "__func__", m) for m in vars(member).values())
    held = (inspect.unwrap(m) for m in methods if callable(m))
    codes = [m.__code__ for m in held if inspect.isfunction(m)]
    bases = {base.__name__ for base in member.__mro__[1:]}
    return {name for code in codes for name in _names(code)} | bases - {"object"}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


# --- functions ------------------------------------------------------------------------------------


def _functions(own: Mapping[str, Any]) -> Iterator[Candidate]:
    """Functions that take x and parameters, each with its backward and evaluation."""
    functions = {n: m for n, m in own.items() if is_function(m) and not isinstance(m, type)}
    taken: set[str] = set()
    for name in functions:
        pair = with_partners(functions, name)
        forward = functions[pair[0]]
        if taken & set(pair) or kind_of(forward) == "backward":
            continue
        named = _named(name)
        if named or takes_parameters(forward):
            taken |= set(pair)
            yield Candidate(pair, named)


def with_partners(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A function with those of the same name but for the step: forward, backward, evaluation.

    >>> def bn_forward(x, gamma, beta): ...
    >>> def bn_backward(dout, cache): ...
    >>> with_partners({"bn_forward": bn_forward, "bn_backward": bn_backward}, "bn_backward")
    ('bn_forward', 'bn_backward')
    """
    stem = _stem(name)
    same = [n for n, m in members.items() if _stem(n) == stem and is_function(m)]
    kinds: dict[str, str] = {}
    for other in [name, *same]:
        kinds.setdefault(kind_of(members[other]), other)
    ordered = [kinds[kind] for kind in ("forward", "backward", "evaluation") if kind in kinds]
    return tuple(ordered) if "forward" in kinds else (name,)


def _stem(name: str) -> str:
    """A name without the words that say which step it is.

    >>> _stem("batchnorm_forward") == _stem("batchnorm_backward"), _stem("bn_test"), _stem("dbn")
    (True, 'bn', 'bn')
    """
    words = STEPS.sub("", _snake(name))
    return re.sub(r"_+", "_", words).strip("_")


def listed(label: str, names: list[str]) -> str:
    """Names as a second line of a message, the first few of them.

    >>> listed("there", ["a", "b"])
    '\\nthere: a, b'
    """
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"\n{label}: {', '.join(names[:SHOWN])}{more}"
