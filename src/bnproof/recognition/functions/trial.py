"""Trial calls of a function on small data: what comes back, and what it depends on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bnproof.conventions.identify.probes import EPS, MOMENTUM
from bnproof.engine.model.formats import Array
from bnproof.recognition.frameworks import Framework
from bnproof.recognition.functions.calls import FunctionCall, Functions, Plan, at
from bnproof.recognition.functions.leaves import Leaf, leaves
from bnproof.recognition.functions.sources import source_of
from bnproof.recognition.patterns import SIDES
from bnproof.recognition.user_calls import UsersError, called


def runtime_of(framework: Framework) -> type[Functions]:
    """The class that calls functions of a framework; it imports the framework."""
    if framework is Framework.TORCH:
        from bnproof.recognition.functions.torch_calls import TorchFunctions  # noqa: PLC0415  # optional

        return TorchFunctions
    if framework is Framework.JAX:
        from bnproof.recognition.functions.jax_calls import JaxFunctions  # noqa: PLC0415  # optional

        return JaxFunctions
    return Functions


def data(rank: int, axis: int = 1, dtype: str = "float64") -> dict[str, Any]:
    """The arguments of one training call in the layout of an axis; all sides of x differ."""
    shape, rng = SIDES[rank], np.random.default_rng(rank)
    channels = shape[1]
    x = rng.normal(size=shape) * 2 + 1
    vectors = {
        "gamma": np.linspace(0.75, 2, channels),
        "beta": np.linspace(-1, 1.5, channels),
        "running_mean": np.linspace(-2, 1, channels),
        "running_var": np.linspace(0.5, 3, channels),
    }
    held = {name: a.astype(dtype) for name, a in vectors.items()}
    moved = np.ascontiguousarray(np.moveaxis(x, 1, axis)).astype(dtype)
    return {"x": moved, **held, "momentum": MOMENTUM, "eps": EPS}


def copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments in arrays of their own, which the user's code may change."""
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in values.items()}


def guarded(call: Callable[[], Any]) -> Any:
    """What a call of the user's code alone gives; raises UsersError with what it raised."""
    with np.errstate(all="ignore"):
        return called(call)


def run_of(call: Callable[[], Any]) -> Any:
    """What a call of a runtime gives; raises UsersError with what the user's code raised in it.

    What bnproof itself raises is let through.
    """
    try:
        with np.errstate(all="ignore"):
            return call()
    except BaseException as error:  # the user's code may do anything
        if isinstance(error, KeyboardInterrupt) or not getattr(error, "theirs", False):
            raise
        raise UsersError(error) from error


@dataclass(frozen=True, eq=False)
class Trial:
    """One way to call a function, tried on some data.

    Attributes:
        runtime: of the framework, with a plan that holds the shapes of vectors.
        call: the arguments.
        values: the data.
        training: the mode.
    """

    runtime: Functions
    call: FunctionCall
    values: Mapping[str, Any]
    training: bool = True

    def made(self, **changes: Array) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """What is returned, the arguments by name, and the arrays by role, with other data."""
        held = self.runtime.presented(copied({**self.values, **changes}))
        returned, given = run_of(
            lambda: self.runtime.called(self.call, held, training=self.training)
        )
        return returned, given, held

    @cached_property
    def first(self) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The call on the data as they are."""
        return self.made()

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The arrays that come back."""
        return leaves(self.first[0], source_of(self.runtime.functions[self.call.function]))

    @cached_property
    def in_arguments(self) -> list[Leaf]:
        """The arrays that are in the arguments after the call."""
        given = self.first[1]
        nothing = source_of(None)
        return [leaf for name in given for leaf in leaves(given[name], nothing, (name,))]

    def array(self, leaf: Leaf, made: tuple[Any, Mapping[str, Any], Any] | None = None) -> Array:
        """The values of a leaf, of the first call or of another one."""
        returned, given, _ = made or self.first
        return numbers_of(at(leaf.path, returned, given))

    def depends(self, leaf: Leaf, name: str) -> bool:
        """Whether a leaf changes when an argument does."""
        held = np.asarray(self.values[name])
        moved = held + np.linspace(0.5, 1, held.size).reshape(held.shape)
        try:
            other = self.array(leaf, self.made(**{name: moved}))
        except UsersError:
            return False
        return not np.array_equal(other, self.array(leaf), equal_nan=True)


def numbers_of(value: Any) -> Array:
    """An array of any framework as one of NumPy."""
    value = value.detach() if hasattr(value, "detach") else value
    return np.array(np.asarray(value))


def with_plan(runtime: Functions, plan: Plan) -> Functions:
    """The same functions under another plan."""
    made = type(runtime)(runtime.functions, plan)
    made.programs = runtime.programs
    return made


def is_vector(leaf: Leaf, channels: int) -> bool:
    """Whether an array has one value per channel."""
    return int(np.prod(leaf.shape)) == channels and max(leaf.shape, default=0) == channels
