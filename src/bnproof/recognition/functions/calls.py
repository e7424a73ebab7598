"""Calls of functions as a plan says, with NumPy arrays in and out.

The text of this file is a part of stand-alone scripts, so it imports NumPy and nothing of bnproof.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Path = tuple[Any, ...]
"""Where something is: "returned" or the name of an argument, then indices, keys or attributes."""


@dataclass(frozen=True)
class Argument:
    """One argument of a call.

    Attributes:
        name: of the parameter.
        role: "x", "gamma", "beta", "running_mean", "running_var", "eps", "momentum", "dy"; "mode",
            "constant", "axis" (of the channels), "axes" (all others), "container" (of
            `members`), or "result" (something that forward returned).
        keyword: whether it is passed by its name.
        values: of a mode, in training and in evaluation; of a constant, the first.
        members: of a container, by key.
        kind: of a container: "dict", "tuple", or the name of a class in the function's module.
        paths: of a result, where it is; several make a tuple.
    """

    name: str
    role: str
    keyword: bool = False
    values: tuple[Any, Any] = (None, None)
    members: "tuple[Argument, ...]" = ()
    kind: str = "dict"
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class FunctionCall:
    """One call of forward, and where its results are; a statistic may be in an argument."""

    function: int
    arguments: tuple[Argument, ...]
    y: Path = ("returned",)
    running_mean: Path | None = None
    running_var: Path | None = None


@dataclass(frozen=True)
class Backward:
    """One call of backward, and where the gradients are, None for one that is not returned.

    Attributes:
        function: its place; the place of forward for one that forward returned.
        arguments: of the call.
        dx, dgamma, dbeta: where they are in what it returns.
        source: where forward returned it, None for a function of the target.
        evaluates: whether it gives the gradients of evaluation too.
    """

    function: int
    arguments: tuple[Argument, ...]
    dx: Path | None = ("returned",)
    dgamma: Path | None = None
    dbeta: Path | None = None
    source: Path | None = None
    evaluates: bool = False


@dataclass(frozen=True)
class Plan:
    """How functions are called as an implementation of the contract.

    Attributes:
        train, infer, backward: the calls, None where there is none.
        shapes: the shape of gamma, beta and the statistics for a rank of x: "vector" (C,), "row"
            (1, C), "column" (C, 1), or "broadcast", which has C on the channel axis of x.
        channel_axis: of x, 1 or -1.
        columns: whether samples are columns, x (C, N).
        without_gradients: whether evaluation is a call without gradients (no_grad).
        differentiable: whether gradients by the framework work in training and in evaluation.
    """

    train: FunctionCall | None
    infer: FunctionCall | None = None
    backward: Backward | None = None
    shapes: tuple[tuple[int, str], ...] = ()
    channel_axis: int = 1
    columns: bool = False
    without_gradients: bool = False
    differentiable: tuple[bool, bool] = (True, True)

    def offers_gradients(self, *, training: bool) -> bool:
        """Whether the framework differentiates the call of a mode."""
        return self.differentiable[0 if training else 1]

    def pulls(self, *, training: bool) -> bool:
        """Whether a function of the user's gives the gradients of a mode."""
        return self.backward is not None and (training or self.backward.evaluates)

    def call(self, *, training: bool) -> FunctionCall:
        """The call of a mode; raises ValueError if there is none."""
        found = self.train if training else self.infer
        if found is None:
            raise ValueError("there is no call in this mode")
        return found


class Theirs:
    """A block that runs the user's code or reads its results; what it raises is marked as theirs.

    With ``kinds``, exceptions of other kinds are not marked.
    """

    def __init__(self, *kinds: type[BaseException]) -> None:
        self.kinds = kinds or (BaseException,)

    def __enter__(self) -> None:
        """Nothing has to be prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Mark the exception, and let it go on."""
        if isinstance(error, self.kinds):
            error.__dict__["theirs"] = True


def at(path: Path, returned: Any, given: Mapping[str, Any]) -> Any:
    """What is at a path of the results or of the arguments."""
    first, *rest = path
    held = returned if first == "returned" else given[first]
    with Theirs():
        for step in rest:
            named = isinstance(step, str) and not isinstance(held, Mapping)
            held = getattr(held, step) if named else held[step]
    return held


class Functions:
    """NumPy functions as an implementation of the contract."""

    def __init__(self, functions: tuple[Callable[..., Any], ...], plan: Plan) -> None:
        self.functions, self.plan = functions, plan
        self.programs: dict[Any, Any] = {}  # what is compiled, where a framework compiles

    def train(
        self,
        x: Any,
        gamma: Any,
        beta: Any,
        running_mean: Any,
        running_var: Any,
        *,
        momentum: Any,
        eps: float,
    ) -> tuple[Any, Any, Any, Any]:
        """The call of forward in training, and its backward."""
        arrays = {"x": x, "gamma": gamma, "beta": beta}
        statistics = {"running_mean": running_mean, "running_var": running_var}
        return self.run({**arrays, **statistics, "momentum": momentum, "eps": eps}, training=True)

    def infer(
        self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, *, eps: float
    ) -> tuple[Any, Any, Any, Any]:
        """The call of forward in evaluation; a momentum that has to be given is 0.5."""
        arrays = {"x": x, "gamma": gamma, "beta": beta}
        statistics = {"running_mean": running_mean, "running_var": running_var}
        return self.run({**arrays, **statistics, "momentum": 0.5, "eps": eps}, training=False)

    def run(self, values: dict[str, Any], *, training: bool) -> tuple[Any, Any, Any, Any]:
        """One call of forward: y, the statistics after it, and backward where there is one."""
        call = self.plan.call(training=training)
        held = self.presented(values)
        returned, given = self.called(call, held, training=training)
        y = self.whole_back(at(call.y, returned, given))
        statistics = self.statistics(call, returned, given, held)
        backward = self.plan.backward
        if backward is None or not self.plan.pulls(training=training):
            return y, *statistics, None

        def gradients(dy: Any) -> tuple[Any, Any, Any]:
            upstream = {**held, "dy": self.whole(dy)}
            made = self.arguments(backward.arguments, upstream, returned, training=training)
            function = self.backward(backward, returned)
            with Theirs():
                found = function(*made[0], **made[1])
            paths = (backward.dx, backward.dgamma, backward.dbeta)
            dx, *others = (None if p is None else at(p, found, made[2]) for p in paths)
            dgamma, dbeta = (
                self.flat(g, held[n]) for g, n in zip(others, ("gamma", "beta"), strict=True)
            )
            return self.whole_back(dx), dgamma, dbeta

        return y, *statistics, gradients

    def called(
        self, call: FunctionCall, held: Mapping[str, Any], *, training: bool
    ) -> tuple[Any, dict[str, Any]]:
        """What forward returns, and its arguments by name."""
        positional, by_name, given = self.arguments(call.arguments, held, None, training=training)
        with Theirs():
            return self.functions[call.function](*positional, **by_name), given

    def inputs(self, call: FunctionCall, held: Mapping[str, Any]) -> dict[str, Any]:
        """What a framework takes gradients by."""
        taken = {a.role for each in call.arguments for a in (each, *each.members)}
        names = [n for n in ("x", "gamma", "beta") if n in taken and held[n] is not None]
        return {name: held[name] for name in names}

    def backward(self, backward: Backward, returned: Any) -> Any:
        """The function that gives gradients: one of the target, or one that forward returned."""
        if backward.source is None:
            return self.functions[backward.function]
        return at(backward.source, returned, {})

    def statistics(
        self, call: FunctionCall, returned: Any, given: Mapping[str, Any], held: Mapping[str, Any]
    ) -> list[Any]:
        """The running statistics after a call, in the shape (C,)."""
        paths = {"running_mean": call.running_mean, "running_var": call.running_var}
        return [
            None if path is None else self.flat(at(path, returned, given), held[name])
            for name, path in paths.items()
        ]

    # --- arguments --------------------------------------------------------------------------------

    def arguments(
        self,
        wanted: tuple[Argument, ...],
        held: Mapping[str, Any],
        returned: Any,
        *,
        training: bool,
    ) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
        """Positional and keyword arguments, and all of them by name."""
        made = {a.name: self.argument(a, held, returned, training=training) for a in wanted}
        positional = [made[a.name] for a in wanted if not a.keyword]
        return positional, {a.name: made[a.name] for a in wanted if a.keyword}, made

    def argument(
        self, wanted: Argument, held: Mapping[str, Any], returned: Any, *, training: bool
    ) -> Any:
        """The value of one argument."""
        if wanted.role in ("mode", "constant"):
            return wanted.values[0 if training or wanted.role == "constant" else 1]
        if wanted.role == "result":
            found = tuple(at(path, returned, {}) for path in wanted.paths)
            return found[0] if len(found) == 1 else found
        if wanted.role in ("axis", "axes"):
            return self.axes(len(held["x"].shape), others=wanted.role == "axes")
        if wanted.role == "container":
            return self.container(wanted, held, returned, training=training)
        return held[wanted.role]

    def axes(self, rank: int, *, others: bool) -> Any:
        """The channel axis, or all others."""
        axis = self.plan.channel_axis
        return tuple(i for i in range(rank) if i != axis % rank) if others else axis

    def container(
        self, wanted: Argument, held: Mapping[str, Any], returned: Any, *, training: bool
    ) -> Any:
        """A dict, tuple or object of arguments."""
        members = {
            member.name: self.argument(member, held, returned, training=training)
            for member in wanted.members
        }
        if wanted.kind in ("dict", "tuple"):
            return members if wanted.kind == "dict" else tuple(members.values())
        kind = named_in(self.functions[0], wanted.kind)
        with Theirs():
            return kind(**members)

    def presented(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays as forward takes them; the statistics are copies, which it may change."""
        shape = self.shape(values["x"].ndim, len(values["running_mean"]))
        made = {**values, "x": self.whole(values["x"])}
        for name in ("gamma", "beta"):
            if values[name] is not None:
                made[name] = self.vector(values[name], shape)
        for name in ("running_mean", "running_var"):
            made[name] = self.vector(values[name].copy(), shape)
        return made

    def shape(self, rank: int, channels: int) -> tuple[int, ...]:
        """The shape of gamma, beta and the statistics beside x of a rank."""
        style = dict(self.plan.shapes).get(rank, "vector")
        sides = [1] * rank
        sides[self.plan.channel_axis] = channels
        named = {"vector": (channels,), "row": (1, channels), "column": (channels, 1)}
        return named.get(style, tuple(sides))

    # --- arrays of the framework ------------------------------------------------------------------

    def vector(self, a: Any, shape: tuple[int, ...]) -> Any:
        """gamma, beta or a statistic as forward takes it."""
        return a if shape == a.shape else a.reshape(shape)

    def whole(self, a: Any) -> Any:
        """x or dy as the functions take it."""
        return a.T if self.plan.columns else a

    def whole_back(self, a: Any) -> Any:
        """y or dx as the contract has it."""
        return a.T if self.plan.columns and np.ndim(a) == 2 else a

    def flat(self, a: Any, given: Any) -> Any:
        """A vector as the contract has it; one of another shape than was given stays as it is."""
        with Theirs(TypeError, ValueError):  # a list may be ragged
            same = given is not None and a is not None and np.shape(a) == np.shape(given)
        return np.reshape(a, -1) if same else a


def named_in(function: Any, name: str) -> Any:
    """What a name stands for in the module of a function."""
    while not hasattr(function, "__globals__"):
        function = getattr(function, "func", None) or getattr(function, "__wrapped__", None)
    return function.__globals__[name]
