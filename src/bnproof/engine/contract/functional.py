"""Functional calls: as the implementation offers them, or built from its layers."""

from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.signatures import layer_options
from bnproof.engine.model.formats import Array

Functional = Any
"""An object with train, infer or both."""


def functional(implementation: Any, declaration: Declaration) -> Functional:
    """The implementation itself if it has train or infer, else its layers, called functionally."""
    if declaration.has("train") or declaration.has("infer"):
        return implementation
    return FromLayer(implementation, declaration)


def make_layer(
    implementation: Any, channels: int, *, momentum: float | None, eps: float, dtype: str, rank: int
) -> Any:
    """A new layer, with dtype and rank passed where its signature has them."""
    given: dict[str, Any] = {"dtype": dtype, "rank": rank}
    options = {name: given[name] for name in layer_options(implementation.layer)}
    return implementation.layer(channels, momentum=momentum, eps=eps, **options)


class FromLayer:
    """train and infer, each by a new layer into which the arguments are loaded.

    ``beside`` says that the implementation has functions of its own.  Statistics and gradients of
    parameters then come back in the dtypes of what was given, whichever dtypes the layer has them
    in; and where a layer has no place for what is given, the functions are called.
    """

    def __init__(
        self,
        implementation: Any,
        declaration: Declaration | None = None,
        *,
        beside: bool = False,
    ) -> None:
        self._implementation = implementation
        self._momentum = _allowed_momentum(declaration or Declaration())
        self._beside = beside

    def train(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float | None,
        eps: float,
        batches_seen: int = 0,
    ) -> tuple[Any, Any, Any, Any]:
        """One training call: the results, and the state of the layer after it."""
        given = x, gamma, beta, running_mean, running_var
        layer = self._loaded(*given, momentum, eps, batches_seen)
        if layer is None:
            extra = {"batches_seen": batches_seen} if momentum is None else {}
            return self._own("train", *given, momentum=momentum, eps=eps, **extra)
        return self._results(layer, layer.train(x), running_mean)

    def infer(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> tuple[Any, Any, Any, Any]:
        """One inference call: the results, and the state of the layer after it."""
        given = x, gamma, beta, running_mean, running_var
        layer = self._loaded(*given, self._momentum, eps, 0)
        if layer is None:
            return self._own("infer", *given, eps=eps)
        return self._results(layer, layer.infer(x), running_mean)

    def _own(self, method: str, *given: Any, **settings: Any) -> tuple[Any, Any, Any, Any]:
        """A call of the implementation's own, where its layers lack what is given."""
        results: tuple[Any, Any, Any, Any] = getattr(self._implementation, method)(
            *given, **settings
        )
        return results

    def _results(self, layer: Any, returned: Any, like: Array) -> tuple[Any, Any, Any, Any]:
        y, backward = returned
        state = layer.state()
        mean, var = state.get("running_mean"), state.get("running_var")
        if not self._beside:
            return y, mean, var, backward
        mean, var = (_of_dtype(a, like.dtype) for a in (mean, var))
        return y, mean, var, backward and _backward_of_dtype(backward, like.dtype)

    def _loaded(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        momentum: float | None,
        eps: float,
        batches_seen: int,
    ) -> Any:
        """A layer in the state given; None if it has no such state, but there is another way."""
        layer = make_layer(
            self._implementation,
            len(running_mean),
            momentum=momentum,
            eps=eps,
            dtype=np.asarray(x).dtype.name,
            rank=np.ndim(x),
        )
        state = dict(layer.state())
        given = {"gamma": gamma, "beta": beta, "running_mean": running_mean}
        lacks = any(value is not None and name not in state for name, value in given.items())
        if self._beside and lacks:
            return None
        state.update(running_mean=np.array(running_mean), running_var=np.array(running_var))
        for name, value, absent in (("gamma", gamma, 1), ("beta", beta, 0)):
            if name in state:
                held = np.asarray(state[name])
                state[name] = np.full_like(held, absent) if value is None else np.array(value)
        if "batches_seen" in state:
            state["batches_seen"] = batches_seen
        layer.load(state)
        return layer


def _allowed_momentum(declaration: Declaration) -> float:
    """A momentum that a layer can be made with, for calls that do not use it."""
    low, high = declaration.accepts.get("momentum", (0.0, 1.0))
    return float(declaration.fixed.get("momentum", min(max(0.5, low), high)))


def _of_dtype(value: Any, dtype: np.dtype[Any]) -> Any:
    return value if value is None else np.asarray(value).astype(dtype)


def _backward_of_dtype(backward: Any, dtype: np.dtype[Any]) -> Any:
    """Backward, with the gradients of gamma and beta in a dtype."""

    def called(dy: Array) -> Any:
        results = backward(dy)
        if not isinstance(results, tuple | list) or len(results) != 3:
            return results
        return results[0], *(_of_dtype(a, dtype) for a in results[1:])

    if hasattr(backward, "double"):
        called.double = backward.double  # type: ignore[attr-defined]  # as the contract has it
    return called
