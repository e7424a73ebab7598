"""Calls of JAX functions as a plan says; gradients by jax.vjp where there is no backward.

The text of this file is a part of stand-alone scripts.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bnproof.recognition.functions.calls import FunctionCall, Functions, Theirs, at

pull = jax.jit(lambda pulled_back, dy: pulled_back(dy))
"""Gradients, compiled once for each program and shape."""


class JaxFunctions(Functions):
    """JAX functions as an implementation of the contract; every array is copied."""

    def run(self, values: dict[str, Any], *, training: bool) -> tuple[Any, Any, Any, Any]:
        """One call of forward, and its gradients.

        The whole call is compiled, with eps and momentum as arguments, since JAX compiles each
        operation for each shape otherwise; a function that looks at values is called as it is.
        """
        if self.plan.pulls(training=training):
            return super().run(values, training=training)
        held = self.presented(values)
        names = tuple(self.inputs(self.plan.call(training=training), held))
        y, pulled_back, statistics = self.program(held, names, training=training)

        def gradients(dy: Any) -> tuple[Any, Any, Any]:
            upstream = self.whole(dy)
            with Theirs():
                pulled = pull(pulled_back, upstream)
            made = dict(zip(names, pulled, strict=True))
            dgamma, dbeta = (self.flat(made.get(n), held[n]) for n in ("gamma", "beta"))
            return self.whole_back(made["x"]), dgamma, dbeta

        pairs = zip(statistics, ("running_mean", "running_var"), strict=True)
        after = [None if s is None else self.flat(s, held[n]) for s, n in pairs]
        offered = self.plan.offers_gradients(training=training)
        return self.whole_back(y), *after, gradients if offered else None

    def called(
        self, call: FunctionCall, held: Mapping[str, Any], *, training: bool
    ) -> tuple[Any, dict[str, Any]]:
        """What forward returns, and its arguments by name; compiled as a whole where possible."""
        if isinstance(held["x"], jax.core.Tracer):
            return super().called(call, held, training=training)
        key = call.function, call.arguments, self.plan.channel_axis, training
        if key not in self.programs:

            def whole(held: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
                returned, given = super(JaxFunctions, self).called(call, held, training=training)
                plain = [a.name for a in call.arguments if a.role not in ("mode", "constant")]
                return returned, {name: given[name] for name in plain}

            self.programs[key] = jax.jit(whole)
        try:
            made: tuple[Any, dict[str, Any]] = self.programs[key](held)
        except (jax.errors.JAXTypeError, TypeError):
            eager = functools.partial(super().called, call, training=training)
            made = eager(held)
            self.programs[key] = eager  # it works uncompiled alone, as where a function comes back
        return made

    def program(self, held: dict[str, Any], names: tuple[str, ...], *, training: bool) -> Any:
        """y, what pulls gradients back, and the statistics; compiled where that is possible."""
        key = self.plan, names, training
        if key not in self.programs:
            steps = functools.partial(self.differentiated, names=names, training=training)
            self.programs[key] = jax.jit(steps)
        try:
            return self.programs[key](held)
        except jax.errors.JAXTypeError:
            steps = functools.partial(self.differentiated, names=names, training=training)
            self.programs[key] = steps
            return steps(held)

    def differentiated(
        self, held: dict[str, Any], *, names: tuple[str, ...], training: bool
    ) -> tuple[Any, Any, Any]:
        """The call and its derivative."""
        call = self.plan.call(training=training)
        paths = (call.running_mean, call.running_var)

        def forward(*inputs: Any) -> tuple[Any, list[Any]]:
            inside = {**held, **dict(zip(names, inputs, strict=True))}
            returned, given = self.called(call, inside, training=training)
            statistics = [None if p is None else at(p, returned, given) for p in paths]
            return at(call.y, returned, given), statistics

        with Theirs(TypeError, ValueError):  # JAX says so of what it cannot differentiate
            y, pulled_back, statistics = jax.vjp(forward, *(held[n] for n in names), has_aux=True)
        return y, pulled_back, statistics

    def vector(self, a: Any, shape: tuple[int, ...]) -> Any:
        """gamma, beta or a statistic as a copy of a shape."""
        return jnp.asarray(np.array(a).reshape(shape))

    def whole(self, a: Any) -> Any:
        """x or dy as a copy."""
        return jnp.asarray(np.array(a.T if self.plan.columns else a))

    def whole_back(self, a: Any) -> Any:
        """y or dx as an array."""
        return None if a is None else np.array(super().whole_back(a))

    def flat(self, a: Any, given: Any) -> Any:
        """A vector as the contract has it; one of another shape than was given stays as it is."""
        same = given is not None and a is not None and np.shape(a) == np.shape(given)
        return None if a is None else np.array(a).reshape(-1) if same else np.array(a)
