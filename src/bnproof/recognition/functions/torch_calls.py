"""Calls of torch functions as a plan says; gradients by autograd where there is no backward.

The text of this file is a part of stand-alone scripts.
"""

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from bnproof.recognition.functions.calls import FunctionCall, Functions, Theirs, at
from bnproof.recognition.torch_memory import is_misread


class TorchFunctions(Functions):
    """torch functions, and subclasses of torch.autograd.Function, as an implementation."""

    def run(self, values: dict[str, Any], *, training: bool) -> tuple[Any, Any, Any, Any]:
        """One call of forward, with gradients as far as autograd knows them."""
        if self.plan.pulls(training=training):
            return super().run(values, training=training)
        call = self.plan.call(training=training)
        held = self.presented(values)
        inputs = self.inputs(call, held)
        constant = self.plan.without_gradients and not training
        for tensor in () if constant else inputs.values():
            tensor.requires_grad_()
        returned, given = self.called(call, held, training=training)
        y = at(call.y, returned, given)

        def gradients(dy: Any) -> tuple[Any, Any, Any]:
            taken, upstream = list(inputs.values()), self.whole(dy)
            with Theirs():
                found: Any = torch.autograd.grad(
                    y, taken, upstream, retain_graph=True, allow_unused=True
                )
            made = {  # zeros for an input that is not used
                name: torch.zeros_like(t) if g is None else g
                for (name, t), g in zip(inputs.items(), found, strict=True)
            }
            dgamma, dbeta = (self.flat(made.get(n), held[n]) for n in ("gamma", "beta"))
            return self.whole_back(made["x"]), dgamma, dbeta

        statistics = self.statistics(call, returned, given, held)
        offered = self.plan.offers_gradients(training=training) and not constant
        return self.whole_back(y), *statistics, gradients if offered else None

    def called(
        self, call: FunctionCall, held: Mapping[str, Any], *, training: bool
    ) -> tuple[Any, dict[str, Any]]:
        """What forward returns, and its arguments by name."""
        positional, by_name, given = self.arguments(call.arguments, held, None, training=training)
        function = self.functions[call.function]
        constant = self.plan.without_gradients and not training
        with warnings.catch_warnings(), torch.no_grad() if constant else contextlib.nullcontext():
            warnings.simplefilter("ignore")
            with Theirs():
                return getattr(function, "apply", function)(*positional, **by_name), given

    def vector(self, a: Any, shape: tuple[int, ...]) -> Any:
        """gamma, beta or a statistic as a contiguous tensor of a shape, as parameters are."""
        made = tensor(a if a.flags.c_contiguous else np.array(a))
        return made if tuple(made.shape) == shape else made.reshape(shape)

    def whole(self, a: Any) -> Any:
        """x or dy as a tensor."""
        made = tensor(a)
        return made.T if self.plan.columns else made

    def whole_back(self, a: Any) -> Any:
        """y or dx as an array."""
        return numbers(super().whole_back(a))

    def flat(self, a: Any, given: Any) -> Any:
        """A vector as the contract has it; one of another shape than was given stays as it is."""
        a = numbers(a)
        same = given is not None and a is not None and a.shape == tuple(given.shape)
        return a.reshape(-1) if same else a


def tensor(a: Any) -> Any:
    """An array's own memory as a tensor; what torch cannot take, or misreads, is copied."""
    negative = any(stride < 0 for stride in a.strides)
    if negative or not a.flags.writeable or is_misread(a):
        a = np.array(a, order="C")
    return torch.from_numpy(a)


def numbers(a: Any) -> Any:
    """A tensor as an array of its own; anything else as it is."""
    if not isinstance(a, torch.Tensor):
        return a
    with Theirs(TypeError, RuntimeError):  # some tensors have no array
        return np.array(a.detach().numpy())
