"""An implementation without the parts that the user says do not exist."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from bnproof.engine.contract.functional import FromLayer
from bnproof.engine.model.names import METHODS, MODES, STATISTICS
from bnproof.recognition.recognised import Part


class Withheld:
    """Calls an implementation, and drops the results that belong to parts that do not exist.

    Attributes:
        parts: those parts.
        methods: the methods of the contract that are left.
    """

    def __init__(self, made: Any, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self._made = made
        calls = made
        only_layers = not any(getattr(made, name, None) for name in MODES)
        if only_layers and Part.EVALUATION in parts:
            calls = FromLayer(made)  # a layer alone would be asked to evaluate
        self.train = _without(getattr(calls, "train", None), self.parts)
        infer = None if Part.EVALUATION in parts else getattr(calls, "infer", None)
        self.infer = _without(infer, self.parts)
        self.layer = None if Part.EVALUATION in parts else self._layers()
        self.methods = tuple(name for name in METHODS if getattr(self, name) is not None)

    def __getattr__(self, name: str) -> Any:
        """Anything else is the implementation's."""
        if name == "_made":
            raise AttributeError(name)
        return getattr(self._made, name)

    def _layers(self) -> Any:
        make = getattr(self._made, "layer", None)
        if make is None:
            return None

        @wraps(make)  # its signature says whether dtype and rank are passed
        def layer(*arguments: Any, **settings: Any) -> "WithheldLayer":
            return WithheldLayer(make(*arguments, **settings), self.parts)

        return layer


class WithheldLayer:
    """A layer without the parts that do not exist."""

    def __init__(self, layer: Any, parts: Sequence[Part]) -> None:
        self._layer, self._parts = layer, tuple(parts)

    def train(self, x: Any) -> Any:
        """One training call."""
        return self._called(self._layer.train(x))

    def infer(self, x: Any) -> Any:
        """One evaluation call."""
        return self._called(self._layer.infer(x))

    def state(self) -> dict[str, Any]:
        """The state, without running statistics if there are none."""
        state = dict(self._layer.state())
        if Part.RUNNING_STATISTICS in self._parts:
            for name in STATISTICS:
                state.pop(name, None)
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Load a state; what is missing in it stays as it is."""
        self._layer.load({**self._layer.state(), **state})

    def _called(self, results: Any) -> Any:
        y, backward = results
        return y, _backward(backward, self._parts)


def _without(call: Callable[..., Any] | None, parts: tuple[Part, ...]) -> Any:
    if call is None:
        return None

    def called(*arguments: Any, **settings: Any) -> Any:
        results = call(*arguments, **settings)
        if not isinstance(results, (tuple, list)) or len(results) != 4:
            return results  # the check says what is wrong with it
        y, mean, var, backward = results
        if Part.RUNNING_STATISTICS in parts:
            mean = var = None
        return y, mean, var, _backward(backward, parts)

    return called


def _backward(backward: Any, parts: Sequence[Part]) -> Any:
    if backward is None or Part.GRADIENTS in parts:
        return None
    if Part.DOUBLE_BACKWARD in parts and hasattr(backward, "double"):
        return _once(backward)
    return backward


def _once(backward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same backward without its attributes, double backward among them."""

    def called(dy: Any) -> Any:
        return backward(dy)

    return called
