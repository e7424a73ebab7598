"""The functions that a target gives: which is forward, which backward, which evaluation."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bnproof.recognition.aliases import Role, roles_of
from bnproof.recognition.frameworks import unwrapped
from bnproof.recognition.functions.parameters import Parameter, candidates, parameters_of

BACKWARD = re.compile(
    r"(?<!with_pull)back|bwd|bprop|grad(?!_?norm)|deriv|(^|_)d(bn|batch|norm)", re.IGNORECASE
)
EVALUATION = re.compile(
    r"(^|_)(test|eval|evaluate|infer|inference|predict|apply_running)(_|$)|inference"
)
TRAINING = re.compile(r"train|fwd|forward", re.IGNORECASE)


@dataclass(frozen=True)
class Given:
    """The functions of a target by what they do; at least one of forward and evaluation is there.

    Attributes:
        functions: as the user gave them.
        forward, backward, evaluation: places in these, None where there is none.
    """

    functions: tuple[Any, ...]
    forward: int | None
    backward: int | None = None
    evaluation: int | None = None

    @property
    def main(self) -> int:
        """The place of the function that is called first."""
        place = self.forward if self.forward is not None else self.evaluation
        assert place is not None  # noqa: S101  # one of them is there
        return place


def is_autograd(target: Any) -> bool:
    """Whether a target is a subclass of torch.autograd.Function; torch is not imported for this."""
    return isinstance(target, type) and any(
        base.__module__ == "torch.autograd.function" and base.__name__ == "Function"
        for base in target.__mro__[1:]
    )


def is_function(target: Any) -> bool:
    """Whether a target is a function of any kind, and no class or object with methods.

    >>> import functools
    >>> is_function(print), is_function(functools.partial(print)), is_function(int)
    (True, True, False)
    """
    if is_autograd(target):
        return True
    if isinstance(getattr(target, "func", target), type):
        return False  # a class, or a partial one, makes objects
    inner = unwrapped(target)
    kinds = (inspect.isfunction, inspect.isbuiltin, inspect.ismethod)
    return callable(target) and any(kind(inner) for kind in kinds)


def name_of(function: Any) -> str:
    """The name of a function, through partials and decorators.

    >>> name_of(print)
    'print'
    """
    return str(getattr(function, "__name__", getattr(unwrapped(function), "__name__", "function")))


def given_by(target: Any) -> Given | None:
    """What a target gives; None if it is not one function, or two or three.

    >>> def bn_forward(x, gamma, beta): ...
    >>> def bn_backward(dout, cache): ...
    >>> given_by((bn_forward, bn_backward)).backward
    1
    """
    functions = target if isinstance(target, tuple) else (target,)
    if not 1 <= len(functions) <= 3 or not all(is_function(f) for f in functions):
        return None
    kinds = [kind_of(f) for f in functions]
    if len(functions) == 2 and kinds[0] == kinds[1] == "forward":
        kinds[1] = "backward" if not takes_parameters(functions[1]) else "evaluation"
    places = {kind: kinds.index(kind) for kind in dict.fromkeys(kinds)}
    if len(places) < len(functions) or not {"forward", "evaluation"} & set(places):
        return None
    return Given(functions, places.get("forward"), places.get("backward"), places.get("evaluation"))


def kind_of(function: Any) -> str:
    """The step that a function is, by its name and first parameters.

    One of "forward", "backward" and "evaluation".
    """
    name, parameters = name_of(function), parameters_of(function) or []
    first = parameters[0].name if parameters else ""
    upstream = Role.DY in roles_of(first) and Role.X not in roles_of(first)
    saved = any(Role.CACHE in roles_of(p.name) for p in parameters)
    if not is_autograd(function) and (BACKWARD.search(name) or upstream or saved):
        return "backward"
    if EVALUATION.search(name) and not TRAINING.search(name):
        return "evaluation"
    return "forward"


def takes_parameters(function: Any) -> bool:
    """Whether a function takes x, and gamma, beta or statistics by names that say so."""
    named = {role for p in parameters_of(function) or [] for role in candidates(p)}
    return Role.X in named and len(named) > 2


def takes_x(parameters: Sequence[Parameter]) -> bool:
    """Whether some parameter may be x, so that the function is no factory."""
    return any(Role.X in candidates(p) or (p.required and not roles_of(p.name)) for p in parameters)
