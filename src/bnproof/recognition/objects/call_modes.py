"""How an object is called in training and in evaluation, and what its forward pass returns."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.recognition.aliases import Role, is_called, plain, roles_of
from bnproof.recognition.objects.arrays import Arrays
from bnproof.recognition.objects.extra_inputs import ExtraInput, extra_input
from bnproof.recognition.objects.signatures import parameters_of
from bnproof.recognition.user_calls import UsersError, called

FORWARD = (
    "forward",
    "__call__",
    "forward_pass",
    "forward_propagation",
    "forward_prop",
    "forward_train",
    "fprop",
    "feedforward",
    "propagate",
    "call",
    "apply",
    "normalize",
    "normalise",
    "batch_norm",
    "batchnorm",
    "run",
    "fit_transform",
    "fit",
)
EVALUATE = (
    "predict",
    "infer",
    "inference",
    "evaluate",
    "forward_test",
    "forward_eval",
    "forward_inference",
    "forward_infer",
    "test_forward",
    "eval_forward",
    "inference_forward",
    "infer_forward",
    "predict_forward",
    "forward_predict",
    "normalize_test",
    "transform",
    "test",
    "eval",
)
TRAIN_METHODS, EVAL_METHODS = ("train", "training_mode", "set_train"), ("eval", "test", "evaluate")
WORDS = (("train", "test"), ("train", "eval"), ("training", "inference"), ("train", "inference"))
"""Pairs of values that a mode may have."""

FLAGS = (Role.TRAINING, Role.EVALUATION, Role.MODE)
PASSED = (Role.GAMMA, Role.BETA, Role.RUNNING_MEAN, Role.RUNNING_VAR, Role.EPS, Role.MOMENTUM)


@dataclass(frozen=True)
class Way:
    """One method to call for y.

    Attributes:
        method: its name.
        flags: parameters that select the mode, with their roles.
        passed: parameters that are given something else than x: gamma, beta, settings.
        extras: parameters for an added input or a mask.
    """

    method: str
    flags: tuple[tuple[str, Role], ...] = ()
    passed: tuple[tuple[str, Role], ...] = ()
    extras: tuple[ExtraInput, ...] = ()


@dataclass(frozen=True)
class Modes:
    """How training and evaluation are told apart.

    Attributes:
        train: the way to y in training.
        evaluate: the way to y in evaluation, None where there is none.
        is_module: a torch module, with its train() and eval().
        methods: names of methods without arguments for the two modes.
        attributes: attributes that select the mode, with their roles.
        words: the values of a mode that is a text.
        evaluates_only: whether training cannot be called, so that all calls are evaluations.
        under_no_grad: whether evaluation is told by torch.no_grad(), as some functions do.
        wrap: what makes the object into what is called, as torch.compile does.
    """

    train: Way
    evaluate: Way | None = None
    is_module: bool = False
    methods: tuple[str, str] | None = None
    attributes: tuple[tuple[str, Role], ...] = ()
    words: tuple[Any, Any] = WORDS[0]
    evaluates_only: bool = False
    under_no_grad: bool = False
    wrap: Any = None

    def select(self, owner: Any, *, training: bool) -> None:
        """Put an object into a mode, by everything that it has for that."""
        if self.is_module:
            called(owner.train, training)
        if self.methods is not None:
            called(getattr(owner, self.methods[0 if training else 1]))
        for name, role in self.attributes:
            called(setattr, owner, name, self._value(role, training=training))

    def call(
        self,
        owner: Any,
        x: Any,
        *,
        training: bool,
        given: Callable[[Role], Any],
        extra: Callable[[ExtraInput], Any] = lambda _: None,
    ) -> Any:
        """What the object returns of x in a mode; UsersError with what the user's code raises.

        ``given`` makes what is passed beside x, by role, ``extra`` an added input or a mask.
        """
        training = training and not self.evaluates_only
        way = self.train if training or self.evaluate is None else self.evaluate
        self.select(owner, training=training)
        named = {name: self._value(role, training=training) for name, role in way.flags}
        named |= {name: given(role) for name, role in way.passed}
        named |= {e.name: value for e in way.extras if (value := extra(e)) is not None}
        method = owner if self.is_module else getattr(owner, way.method)
        method = method if self.wrap is None else self.wrap(method)
        if training or not self.under_no_grad:
            return called(method, x, **named)
        import torch  # noqa: PLC0415  # only where a target is told by it

        with torch.no_grad():
            return called(method, x, **named)

    def _value(self, role: Role, *, training: bool) -> Any:
        if role == Role.MODE:
            return self.words[0 if training else 1]
        return training if role == Role.TRAINING else not training


def ways(owner: Any, names: tuple[str, ...]) -> Iterator[Way]:
    """The methods of an object that take x, by names."""
    for name in names:
        if name == "__call__" and not _has_own(owner, "__call__"):
            continue
        method = getattr(owner, name, None)
        if callable(method):
            way = _way(name, method)
            if way is not None:
                yield way


def _way(name: str, method: Any) -> Way | None:
    """How a method is called with x, None if it has no place for x or needs what is unknown."""
    parameters = parameters_of(method)
    if parameters is None:
        return Way(name)
    if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        return None
    flags, passed, extras = [], [], []
    for parameter in parameters[1:]:
        roles = roles_of(parameter.name)
        flag = next((role for role in FLAGS if role in roles), None)
        role = next((role for role in PASSED if role in roles), None)
        required = parameter.default is inspect.Parameter.empty
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if flag is not None and not variadic:
            flags.append((parameter.name, flag))
        elif required and not variadic and role is not None:
            passed.append((parameter.name, role))
        elif not variadic and (required or parameter.default is None):
            found = extra_input(parameter.name, required=required)
            if found is None and required:
                return None
            extras += [] if found is None else [found]
    return Way(name, tuple(flags), tuple(passed), tuple(extras))


def _has_own(owner: Any, name: str) -> bool:
    return any(name in kind.__dict__ for kind in type(owner).__mro__)


def modes_of(owner: Any, *, is_module: bool) -> Iterator[Modes]:
    """The ways to call an object, the likeliest first."""
    if is_module:
        for way in ways(owner, ("forward",)):
            yield Modes(way, way, is_module=True)
        return
    methods = _mode_methods(owner)
    # where there are train() and eval(), users call them, whatever attribute these should set
    attributes = () if methods is not None else tuple(_mode_attributes(owner))
    for way in ways(owner, FORWARD):
        flagged = attributes if not way.flags else tuple(_beside(attributes))
        made = Modes(way, None, methods=methods, attributes=flagged)
        switch = way.flags or flagged or methods
        if switch:
            made = replace(made, evaluate=way)
        else:
            other = next((w for w in ways(owner, EVALUATE) if w.method != way.method), None)
            made = replace(made, evaluate=other)
        for words in _words(owner, made):
            yield replace(made, words=words)


def _beside(attributes: tuple[tuple[str, Role], ...]) -> Iterator[tuple[str, Role]]:
    """Attributes that may switch the mode as well as a flag does; "trainable" freezes instead."""
    return ((name, role) for name, role in attributes if plain(name) != "trainable")


def _mode_attributes(owner: Any) -> Iterator[tuple[str, Role]]:
    for name, value in list(vars(owner).items()) if hasattr(owner, "__dict__") else []:
        for role in (Role.TRAINING, Role.EVALUATION):
            if isinstance(value, (bool, np.bool_)) and is_called(name, role):
                yield name, role
                break
        else:
            if isinstance(value, str) and is_called(name, Role.MODE):
                yield name, Role.MODE


def _mode_methods(owner: Any) -> tuple[str, str] | None:
    """train() and eval(), where both can be called without arguments."""
    found = [
        next((name for name in names if _takes_nothing(getattr(owner, name, None))), None)
        for names in (TRAIN_METHODS, EVAL_METHODS)
    ]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _takes_nothing(method: Any) -> bool:
    if not callable(method):
        return False
    parameters = parameters_of(method)
    if parameters is None:
        return False
    return all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in parameters)


def _words(owner: Any, modes: Modes) -> list[tuple[Any, Any]]:
    """The pairs of words that a mode may be given, those with the present value first."""
    present = [getattr(owner, name, None) for name, role in modes.attributes if role == Role.MODE]
    in_signature = [
        p.default
        for p in parameters_of(getattr(owner, modes.train.method)) or []
        if is_called(p.name, Role.MODE)
    ]
    known = [word for word in (*present, *in_signature) if isinstance(word, str)]
    flagged = any(role == Role.MODE for _, role in (*modes.train.flags, *modes.attributes))
    if not flagged:
        return [WORDS[0]]
    return sorted(WORDS, key=lambda pair: not any(word in pair for word in known))


@dataclass(frozen=True, eq=False)
class Returned:
    """What a forward pass returned: y, and what is passed on to backward."""

    y: Any
    cache: Any = None


def returned(result: Any, shape: tuple[int, ...], arrays: Arrays) -> Returned:
    """Take apart what a forward pass returned: y is the first array of x's shape.

    Raises UsersError, with what came back, where no array has that shape.
    """
    if arrays.is_array(result) and tuple(result.shape) == shape:
        return Returned(result)
    if isinstance(result, (tuple, list)):
        y = next((r for r in result if arrays.is_array(r) and tuple(r.shape) == shape), None)
        rest = tuple(r for r in result if r is not y)
        if y is not None:
            return Returned(y, rest[0] if len(rest) == 1 else rest)
    if isinstance(result, dict):
        for key, value in result.items():
            if arrays.is_array(value) and tuple(value.shape) == shape:
                return Returned(value, {k: v for k, v in result.items() if k != key})
    message = f"expected an array of shape {shape}, got {_described(result)}"
    raise UsersError(ValueError(message))


def _described(result: Any) -> str:
    if isinstance(result, (tuple, list)):
        return f"{len(result)} results, none of this shape"
    return f"{type(result).__name__} of shape {tuple(getattr(result, 'shape', ()))}"
