"""PyTorch inside: its own kernels, and its automatic differentiation of written formulas."""

from __future__ import annotations

from typing import Any, ClassVar

import ml_dtypes
import numpy as np
import torch
from sound import refuse

torch.set_num_threads(1)
KINDS = {"float16": torch.float16, "bfloat16": torch.bfloat16}


def tensor(array: Any) -> torch.Tensor:
    """Copy an array into a tensor."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.tensor(array.astype(np.float32)).bfloat16()
    return torch.tensor(np.array(array))


def array(values: torch.Tensor, dtype: Any) -> Any:
    """Copy a tensor into an array."""
    values = values.detach()
    wide = values.float() if values.dtype == torch.bfloat16 else values
    return np.array(wide.numpy(), dtype=dtype)


class _Torch:
    dtypes: tuple[str, ...] = ("float32", "float64")
    ranks: tuple[int, ...] = (2, 3, 4)

    def train(self, x: Any, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        if x.size // x.shape[1] < 2:
            refuse("batch normalization in training needs two values per channel")
        given = [tensor(a) for a in (x, *arrays)]
        for leaf in given[:3]:
            leaf.requires_grad_()
        y = self._train(given, momentum, eps)
        kept = [array(s, arrays[2].dtype) for s in given[3:]]
        return array(y, x.dtype), *kept, self._pullback(y, given, arrays[0].dtype, x.dtype)

    def infer(self, x: Any, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        if not x.size:
            refuse("the batch is empty")
        given = [tensor(a) for a in (x, *arrays)]
        for leaf in given[:3]:
            leaf.requires_grad_()
        y = self._infer(given, eps)
        kept = arrays[2].copy(), arrays[3].copy()
        return array(y, x.dtype), *kept, self._pullback(y, given, arrays[0].dtype, x.dtype)

    def _train(self, given: list[torch.Tensor], momentum: float, eps: float) -> Any:
        x, gamma, beta, running_mean, running_var = given
        return torch.nn.functional.batch_norm(
            x, running_mean, running_var, gamma, beta, training=True, momentum=momentum, eps=eps
        )

    def _infer(self, given: list[torch.Tensor], eps: float) -> Any:
        x, gamma, beta, running_mean, running_var = given
        return torch.nn.functional.batch_norm(
            x, running_mean, running_var, gamma, beta, training=False, eps=eps
        )

    def _pullback(self, y: Any, given: Any, dtype: Any, storage: Any) -> Any:
        def backward(dy: Any) -> Any:
            upstream = tensor(dy).to(y.dtype)
            grads = torch.autograd.grad(y, given[:3], upstream, retain_graph=True)
            dx, dgamma, dbeta = grads
            return array(dx, storage), array(dgamma, dtype), array(dbeta, dtype)

        return backward


class TorchKernel(_Torch):
    """Calls the kernel of PyTorch for contiguous arrays."""

    accepts: ClassVar[dict[str, Any]] = {"eps": (1e-12, 10.0)}


class TorchKernelChannelsLast(_Torch):
    """Calls the kernel of PyTorch for images with their channels last."""

    accepts: ClassVar[dict[str, Any]] = {"eps": (1e-12, 10.0)}
    ranks = (4,)

    def _train(self, given: list[torch.Tensor], momentum: float, eps: float) -> Any:
        moved = given[0].to(memory_format=torch.channels_last)
        return super()._train([moved, *given[1:]], momentum, eps)


class TorchMixed(_Torch):
    """Calls the kernel of PyTorch for 16-bit x with float32 parameters.

    That kernel sums in 16 bits where x and dy lie differently in memory, so they are copied.
    """

    dtypes = ("float16", "bfloat16")
    keeps_strides = False
    accepts: ClassVar[dict[str, Any]] = {"eps": (1e-12, 10.0)}

    def train(self, x: Any, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise a contiguous copy with the statistics of the batch."""
        return _contiguous(
            super().train(np.array(x, order="C"), *arrays, momentum=momentum, eps=eps)
        )

    def infer(self, x: Any, *arrays: Any, eps: float) -> Any:
        """Normalise a contiguous copy with the running statistics."""
        return _contiguous(super().infer(np.array(x, order="C"), *arrays, eps=eps))


def _contiguous(results: Any) -> Any:
    """The results, with a backward that copies dy."""
    *made, backward = results
    return *made, lambda dy: backward(np.array(dy, order="C"))


class _Written(_Torch):
    def _train(self, given: list[torch.Tensor], momentum: float, eps: float) -> Any:
        x, gamma, beta, running_mean, running_var = given
        axes, count = self._axes(x), x.numel() // x.shape[1]
        mean, var = self._moments(x, axes)
        with torch.no_grad():
            given[3] = (1 - momentum) * running_mean + momentum * mean
            given[4] = (1 - momentum) * running_var + momentum * var * (count / (count - 1))
        return self._apply(x, (gamma, beta, mean, var), eps)

    def _infer(self, given: list[torch.Tensor], eps: float) -> Any:
        x, gamma, beta, running_mean, running_var = given
        return self._apply(x, (gamma, beta, running_mean, running_var), eps)

    def _axes(self, x: Any) -> list[int]:
        return [0, *range(2, x.ndim)]

    def _moments(self, x: Any, axes: list[int]) -> Any:
        mean = x.mean(axes, keepdim=True)
        return mean.reshape(-1), ((x - mean) ** 2).mean(axes)

    def _apply(self, x: Any, rest: Any, eps: float) -> Any:
        gamma, beta, mean, var = (v.reshape(1, -1, *[1] * (x.ndim - 2)) for v in rest)
        return gamma * (x - mean) / torch.sqrt(var + eps) + beta


class AutogradTwoPass(_Written):
    """Differentiates two passes automatically."""


class AutogradVarMean(_Written):
    """Differentiates torch.var_mean automatically."""

    def _moments(self, x: Any, axes: list[int]) -> Any:
        var, mean = torch.var_mean(x, axes, correction=0)
        return mean, var


class AutogradReciprocal(_Written):
    """Differentiates a product with rsqrt automatically."""

    def _apply(self, x: Any, rest: Any, eps: float) -> Any:
        gamma, beta, mean, var = (v.reshape(1, -1, *[1] * (x.ndim - 2)) for v in rest)
        return (x - mean) * torch.rsqrt(var + eps) * gamma + beta


class AutogradFolded(_Written):
    """Differentiates scale and shift automatically."""

    def _apply(self, x: Any, rest: Any, eps: float) -> Any:
        gamma, beta, mean, var = (v.reshape(1, -1, *[1] * (x.ndim - 2)) for v in rest)
        scale = gamma * torch.rsqrt(var + eps)
        return x * scale + (beta - mean * scale)


class AutogradOnePass(_Written):
    """Differentiates clamped one-pass statistics automatically."""

    accuracy = "one-pass"

    def _moments(self, x: Any, axes: list[int]) -> Any:
        mean = x.mean(axes)
        return mean, ((x * x).mean(axes) - mean * mean).clamp(min=0)


class AutogradInDouble(_Written):
    """Differentiates two passes automatically, in float64 for storage of at most 32 bits."""

    dtypes = ("float32", "float16", "bfloat16")

    def train(self, x: Any, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        wide = [np.array(a, dtype=np.float64) for a in (x, *arrays)]
        results = super().train(*wide, momentum=momentum, eps=eps)
        return self._narrow(results, x.dtype, arrays[0].dtype)

    def infer(self, x: Any, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        wide = [np.array(a, dtype=np.float64) for a in (x, *arrays)]
        return self._narrow(super().infer(*wide, eps=eps), x.dtype, arrays[0].dtype)

    def _narrow(self, results: Any, storage: Any, dtype: Any) -> Any:
        y, mean, var, whole = results

        def backward(dy: Any) -> Any:
            dx, dgamma, dbeta = whole(np.array(dy, dtype=np.float64))
            return _cast(dx, storage), _cast(dgamma, dtype), _cast(dbeta, dtype)

        return _cast(y, storage), _cast(mean, dtype), _cast(var, dtype), backward


def _cast(values: Any, dtype: Any) -> Any:
    with np.errstate(all="ignore"):
        return values.astype(dtype)
