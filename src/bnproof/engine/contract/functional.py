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
    return FromLayer(implementation)


def make_layer(
    implementation: Any, channels: int, *, momentum: float | None, eps: float, dtype: str, rank: int
) -> Any:
    """A new layer, with dtype and rank passed where its signature has them."""
    given: dict[str, Any] = {"dtype": dtype, "rank": rank}
    options = {name: given[name] for name in layer_options(implementation.layer)}
    return implementation.layer(channels, momentum=momentum, eps=eps, **options)


class FromLayer:
    """train and infer, each by a new layer into which the arguments are loaded."""

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation

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
        layer = self._loaded(x, gamma, beta, running_mean, running_var, momentum, eps, batches_seen)
        y, backward = layer.train(x)
        state = layer.state()
        return y, state.get("running_mean"), state.get("running_var"), backward

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
        layer = self._loaded(x, gamma, beta, running_mean, running_var, 0.5, eps, 0)
        y, backward = layer.infer(x)
        state = layer.state()
        return y, state.get("running_mean"), state.get("running_var"), backward

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
        layer = make_layer(
            self._implementation,
            len(running_mean),
            momentum=momentum,
            eps=eps,
            dtype=np.asarray(x).dtype.name,
            rank=np.ndim(x),
        )
        state = dict(layer.state())
        state.update(running_mean=np.array(running_mean), running_var=np.array(running_var))
        for name, value in (("gamma", gamma), ("beta", beta)):
            if name in state and value is not None:
                state[name] = np.array(value)
        if "batches_seen" in state:
            state["batches_seen"] = batches_seen
        layer.load(state)
        return layer
