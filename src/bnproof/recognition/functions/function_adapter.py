"""A recognised function, or pair of functions, as an implementation of the contract."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bnproof.recognition.frameworks import Framework
from bnproof.recognition.functions.calls import Argument, FunctionCall, Functions, Plan
from bnproof.recognition.own_text import own_text
from bnproof.recognition.recognised import Recognition

STRIDES = {Framework.NUMPY: True, Framework.TORCH: "positive", Framework.JAX: False}
"""What the adapters do with strided arrays, as the contract has it."""


class RecognisedFunctions:
    """Functions under a plan, with what was found about them as attributes of the contract."""

    accepts: Mapping[str, Any] = {}

    def __init__(
        self,
        runtime: Functions,
        framework: Framework,
        name: str,
        declared: Mapping[str, Any],
        recognition: Recognition,
        usage: str,
    ) -> None:
        self._runtime, self._framework = runtime, framework
        self.name, self.usage, self.recognition = name, usage, recognition
        self.keeps_strides = STRIDES[framework]
        self.flush_to_zero = framework is Framework.JAX
        self.channel_axis = runtime.plan.channel_axis
        self.train = runtime.train if runtime.plan.train is not None else None
        self.infer = runtime.infer if runtime.plan.infer is not None else None
        for attribute, value in declared.items():
            setattr(self, attribute, value)
        if framework is not Framework.NUMPY:
            self.version = str(importlib.import_module(framework.value).__version__)

    def standalone(self, dtype: str) -> str:  # noqa: ARG002  # the same for all
        """The same as source text, for scripts."""
        modules = ["bnproof.recognition.functions.calls"]
        if self._framework is Framework.TORCH:
            modules.append("bnproof.recognition.torch_memory")
        if self._framework is not Framework.NUMPY:
            modules.append(f"bnproof.recognition.functions.{self._framework.value}_calls")
        texts = [own_text(importlib.import_module(module)) for module in modules]
        functions = "TARGET if isinstance(TARGET, tuple) else (TARGET,)"
        kind = type(self._runtime).__name__
        made = f"IMPLEMENTATION = {kind}(\n    {functions},\n    {_written(self._runtime.plan)},\n)"
        return "\n\n".join([*texts, made])

    def default_layer(self, channels: int, dtype: str) -> "DefaultLayer":
        """The functions called with the defaults that their signatures have."""
        return DefaultLayer(self._runtime, channels, dtype)


class DefaultLayer:
    """forward with its own eps and momentum, and statistics that start from 0 and 1."""

    def __init__(self, runtime: Functions, channels: int, dtype: str) -> None:
        self._told: dict[str, float] = {}
        plan = runtime.plan
        parameters = inspect.signature(_signed(runtime)).parameters
        defaults = {name: p.default for name, p in parameters.items()}
        self._runtime = type(runtime)(
            runtime.functions,
            replace(plan, train=plan.train and self._without(plan.train, defaults)),
        )
        self._given = 0.25, 0.5
        ones = np.ones(channels, dtype)
        self._affine = ones, 0 * ones
        self._statistics = {"running_mean": 0 * ones, "running_var": ones}

    def _without(self, call: FunctionCall, defaults: Mapping[str, Any]) -> FunctionCall:
        """The call without the settings that have a default; what follows goes by its name."""
        kept, skipped = [], False
        for argument in call.arguments:
            default = defaults.get(argument.name)
            if argument.role in ("eps", "momentum") and isinstance(default, (int, float)):
                self._told[argument.role] = float(default)
                skipped = True
                continue
            kept.append(replace(argument, keyword=argument.keyword or skipped))
        return replace(call, arguments=tuple(kept))

    def train(self, x: Any) -> tuple[Any, None]:
        """One call in training, with the statistics of the calls before."""
        held = self._statistics["running_mean"], self._statistics["running_var"]
        momentum, eps = self._given
        y, mean, var, _ = self._runtime.train(x, *self._affine, *held, momentum=momentum, eps=eps)
        if mean is not None and var is not None:
            self._statistics = {"running_mean": np.array(mean), "running_var": np.array(var)}
        return y, None

    def state(self) -> dict[str, Any]:
        """The running statistics."""
        return dict(self._statistics)

    def settings(self) -> dict[str, float]:
        """The defaults in the signature."""
        return self._told


def _signed(runtime: Functions) -> Callable[..., Any]:
    call = runtime.plan.train or runtime.plan.infer
    function = runtime.functions[0 if call is None else call.function]
    return function.forward if isinstance(function, type) else function  # type: ignore[attr-defined]


def _written(plan: Plan) -> str:
    """A plan as source text; what is a default is left out."""
    calls = {"train": plan.train, "infer": plan.infer, "backward": plan.backward}
    parts = [f"{name}={_made(call)}" for name, call in calls.items()]
    settings = ("shapes", "channel_axis", "columns", "without_gradients", "differentiable")
    parts += [f"{name}={getattr(plan, name)!r}" for name in settings]
    inner = ",\n        ".join(parts)
    return f"Plan(\n        {inner},\n    )"


def _made(held: Any) -> str:
    """A dataclass of a plan as a call of its class, without fields that have their default."""
    if isinstance(held, tuple) and held and all(isinstance(each, Argument) for each in held):
        return "(" + "".join(f"{_made(each)}, " for each in held) + ")"
    fields = getattr(type(held), "__dataclass_fields__", None)
    if fields is None:
        return repr(held)
    given = [
        f"{name}={_made(value)}"
        for name, field in fields.items()
        if (value := getattr(held, name)) != field.default
    ]
    return f"{type(held).__name__}({', '.join(given)})"
