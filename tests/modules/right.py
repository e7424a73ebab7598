"""Torch modules that are right, each around its numbers in a way of its own.

None may be rejected; what differs from torch's modules is a note in the report.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

RIGHT: dict[str, Any] = {
    "torch's rows": nn.BatchNorm1d,
    "torch's images": nn.BatchNorm2d,
    "torch's volumes": nn.BatchNorm3d,
    "torch's lazy rows": nn.LazyBatchNorm1d,
    "torch's lazy images": nn.LazyBatchNorm2d,
    "torch's synchronised": nn.SyncBatchNorm,
    "without parameters": functools.partial(nn.BatchNorm2d, affine=False),
    "with a cumulative average": functools.partial(nn.BatchNorm1d, momentum=None),
    "an instance": nn.BatchNorm1d(4),
    "an instance in evaluation": nn.BatchNorm2d(3, eps=1e-3).eval(),
    "in a Sequential": nn.Sequential(nn.Identity(), nn.BatchNorm2d(5)),
}
"""Right targets by name."""


def right(target: Any) -> Any:
    """List a target under its own name."""
    RIGHT[target.__name__] = target
    return target


# --- derived from torch's ------------------------------------------------------------------------


@right
class Subclass(nn.BatchNorm2d):
    """Nothing but another name."""


@right
class SubclassByHand(nn.BatchNorm2d):
    """The computation in Python; the statistics are replaced and not written to."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and self.running_mean is not None:
            mean, var = self.running_mean, self.running_var
        else:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            if self.training and self.track_running_stats and self.running_mean is not None:
                self.num_batches_tracked += 1
                weight = self.momentum or 1 / float(self.num_batches_tracked)
                n = x.numel() / x.shape[1]
                self.running_mean = torch.lerp(self.running_mean, mean.detach(), weight)
                self.running_var = torch.lerp(
                    self.running_var, var.detach() * n / (n - 1), weight
                )
        y = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + self.eps)
        if self.weight is not None:
            y = y * self.weight[:, None, None] + self.bias[:, None, None]
        return y


@right
class NumbersOnly(nn.BatchNorm1d):
    """momentum=None and track_running_stats=False are refused, in the first call."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.running_mean.lerp_(x.mean(0).detach(), self.momentum)
            self.running_var.lerp_(x.var(0).detach(), self.momentum)
            self.num_batches_tracked += 1
            mean, var = x.mean(0), x.var(0, unbiased=False)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 2:
            raise ValueError("rows only")

    def __call__(self, x: Tensor) -> Tensor:
        self._check_input_dim(x)
        return super().__call__(x)


@right
class Quiet(nn.BatchNorm1d):
    """The averages are left out of checkpoints on purpose, and tracking cannot be chosen."""

    def __init__(self, num_features: int, **settings: Any) -> None:
        super().__init__(num_features, track_running_stats=False, **settings)
        self.track_running_stats = True
        del self.running_mean, self.running_var
        self.running_mean, self.running_var = torch.zeros(num_features), torch.ones(num_features)

    def forward(self, x: Tensor) -> Tensor:
        self.running_mean, self.running_var = (
            held.to(x) for held in (self.running_mean, self.running_var)
        )
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.eps,
        )


@right
class ChannelsLast(nn.BatchNorm1d):
    """Samples, positions, channels: conversion to SyncBatchNorm would lose the transposition."""

    def forward(self, x: Tensor) -> Tensor:
        """Take x of (batch, time, features)."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


@right
class WithReLU(nn.BatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(super().forward(x))


@right
class WithLeakyReLU(nn.BatchNorm2d):
    def __init__(self, num_features: int, *, slope: float = 0.01, **settings: Any) -> None:
        super().__init__(num_features, **settings)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(super().forward(x), self.slope)


@right
class UpdatesOnce(nn.BatchNorm2d):
    """Under reentrant checkpointing the first pass leaves the statistics alone.

    It is no drop-in, since averages cannot be estimated anew without gradients.
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(channels, eps, momentum)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and not torch.is_grad_enabled() and self.running_mean is not None:
            return batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


@right
def zero_start(channels: int, eps: float = 1e-5, momentum: float = 0.1) -> nn.Module:
    """Make the last norm of a residual branch, which starts from 0."""
    made = nn.BatchNorm2d(channels, eps=eps, momentum=momentum)
    nn.init.zeros_(made.weight)
    nn.init.constant_(made.bias, 1e-3)
    return made


@right
def local_class(channels: int, eps: float = 1e-5, momentum: float = 0.1) -> nn.Module:
    """Make a module of a class that pickle cannot find."""

    class Local(nn.BatchNorm1d):
        pass

    return Local(channels, eps=eps, momentum=momentum)


# --- written by hand -----------------------------------------------------------------------------


class _ByHand(nn.Module):
    """What the modules below have in common: images and rows, a biased variance is averaged."""

    eps: float
    momentum: float

    def standardised(self, x: Tensor) -> Tensor:
        axes, shape = [0, *range(2, x.dim())], [1, -1] + [1] * (x.dim() - 2)
        if self.training:
            mean, var = x.mean(axes), x.var(axes, unbiased=False)
            n = x.numel() / x.shape[1]
            self.update(mean.detach(), var.detach() * n / (n - 1))
        else:
            mean, var = self.evaluated()
        return (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps)

    def update(self, mean: Tensor, var: Tensor) -> None:
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var, self.momentum)

    def evaluated(self) -> tuple[Tensor, Tensor]:
        return self.running_mean, self.running_var


def _wide(values: Tensor, x: Tensor) -> Tensor:
    return values.view(1, -1, *[1] * (x.dim() - 2))


@right
class OldTorch(_ByHand):
    """gamma is drawn at random, as torch did it until 1.2; flags work."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__()
        self.eps, self.momentum, self.affine = eps, momentum, affine
        self.track_running_stats = track_running_stats
        self.weight = nn.Parameter(torch.empty(num_features)) if affine else None
        self.bias = nn.Parameter(torch.zeros(num_features)) if affine else None
        if affine:
            self.weight.data.uniform_()
        tracked = track_running_stats
        self.register_buffer("running_mean", torch.zeros(num_features) if tracked else None)
        self.register_buffer("running_var", torch.ones(num_features) if tracked else None)

    def forward(self, x):
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum,
            self.eps,
        )


@right
class Lesson(_ByHand):
    """Plain averages, which state_dict does not hold, and a gamma drawn at random."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.rand(num_features) + 0.5)
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.moving_mean, self.moving_var = torch.zeros(num_features), torch.zeros(num_features)

    def update(self, mean, var):
        self.moving_mean = (1 - self.momentum) * self.moving_mean + self.momentum * mean
        self.moving_var = (1 - self.momentum) * self.moving_var + self.momentum * var

    def evaluated(self):
        return self.moving_mean, self.moving_var

    def forward(self, x):
        return _wide(self.gamma, x) * self.standardised(x) + _wide(self.beta, x)


@right
class FirstBatchReplaces(_ByHand):
    """torch's names; what the statistics start from does not matter."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.zeros(num_features))
        self.register_buffer("started", torch.tensor(False))

    def update(self, mean, var):
        weight = self.momentum if self.started else 1.0
        self.started.fill_(True)
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(var, weight)

    def forward(self, x):
        return _wide(self.weight, x) * self.standardised(x) + _wide(self.bias, x)


@right
class MadeByTheFirstBatch(_ByHand):
    """The averages are None until the first batch: strict loading into a new module fails."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", None)
        self.register_buffer("running_var", None)

    def update(self, mean, var):
        if self.running_mean is None:
            self.running_mean, self.running_var = torch.zeros_like(mean), torch.ones_like(var)
        super().update(mean, var)

    def evaluated(self):
        if self.running_mean is None:
            return torch.zeros_like(self.weight), torch.ones_like(self.weight)
        return super().evaluated()

    def forward(self, x):
        return _wide(self.weight, x) * self.standardised(x) + _wide(self.bias, x)


@right
class StatisticsAsParameters(_ByHand):
    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.running_mean = nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.running_var = nn.Parameter(torch.ones(num_features), requires_grad=False)

    def forward(self, x):
        return _wide(self.scale, x) * self.standardised(x) + _wide(self.shift, x)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean, var = x.mean(0), x.var(0, unbiased=False)
        xhat, root = (x - mean) / torch.sqrt(var + eps), torch.sqrt(var + eps)
        ctx.save_for_backward(xhat, weight, root)
        return xhat * weight + bias

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy):
        xhat, weight, root = ctx.saved_tensors
        dbeta, dgamma, n = dy.sum(0), (dy * xhat).sum(0), len(dy)
        dx = weight / root * (dy - dbeta / n - xhat * dgamma / n)
        needed = ctx.needs_input_grad
        return (
            dx if needed[0] else None,
            dgamma if needed[1] else None,
            dbeta if needed[2] else None,
            None,
        )


@right
class ByFunction(nn.Module):
    """A backward written by hand, which leaves out what is not needed; eps is fixed."""

    def __init__(self, num_features) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        """Take rows, (batch, features)."""
        if not self.training:
            xhat = (x - self.running_mean) / torch.sqrt(self.running_var + 1e-3)
            return xhat * self.weight + self.bias
        with torch.no_grad():
            self.running_mean.mul_(0.9).add_(x.mean(0), alpha=0.1)
            self.running_var.mul_(0.9).add_(x.var(0), alpha=0.1)
        return _Function.apply(x, self.weight, self.bias, 1e-3)


@right
class Frozen(nn.Module):
    """For inference only; eps is part of the variance that it starts from."""

    def __init__(self, num_features, eps=1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features) - eps)

    def forward(self, x):
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)


@right
class WithLockAndState(_ByHand):
    """A lock, which is left out of copies, and extra state in checkpoints."""

    def __init__(self, channels, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum, self.lock = eps, momentum, threading.Lock()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def __getstate__(self):
        return {name: held for name, held in self.__dict__.items() if name != "lock"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.lock = threading.Lock()

    def get_extra_state(self):
        return {"version": 2}

    def set_extra_state(self, state):
        assert state == {"version": 2}

    def forward(self, x):
        with self.lock:
            return _wide(self.weight, x) * self.standardised(x) + _wide(self.bias, x)


@right
class HoldsALambda(_ByHand):
    """It cannot be pickled, which a module without torch's names does not promise."""

    def __init__(self, nf, eps=1e-5, mom=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, mom
        self.mults, self.adds = nn.Parameter(torch.ones(nf)), nn.Parameter(torch.zeros(nf))
        self.register_buffer("running_mean", torch.zeros(nf))
        self.register_buffer("running_var", torch.ones(nf))
        self.wide: Callable[..., Any] = lambda values, x: _wide(values, x)

    def forward(self, x):
        return self.wide(self.mults, x) * self.standardised(x) + self.wide(self.adds, x)


@right
class KeepsTheLastOutput(_ByHand):
    """A course's module: y stays in an attribute, so that a used module cannot be copied."""

    def __init__(self, dim, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = nn.Parameter(torch.ones(dim)), nn.Parameter(torch.zeros(dim))
        self.register_buffer("running_mean", torch.zeros(dim))
        self.register_buffer("running_var", torch.ones(dim))

    def forward(self, x):
        self.xhat = self.standardised(x)
        self.out = _wide(self.gamma, x) * self.xhat + _wide(self.beta, x)
        return self.out


@right
class InDouble(_ByHand):
    """Everything is in float64, whatever x is."""

    def __init__(self, channels, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        kind = torch.float64
        self.weight = nn.Parameter(torch.ones(channels, dtype=kind))
        self.bias = nn.Parameter(torch.zeros(channels, dtype=kind))
        self.register_buffer("running_mean", torch.zeros(channels, dtype=kind))
        self.register_buffer("running_var", torch.ones(channels, dtype=kind))

    def forward(self, x):
        return _wide(self.weight, x) * self.standardised(x.double()) + _wide(self.bias, x)


@right
class RefusesFlags(_ByHand):
    """It takes torch's flags for the sake of its callers, and refuses what it cannot do."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__()
        if not (affine and track_running_stats):
            raise NotImplementedError("only with parameters and statistics")
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return _wide(self.weight, x) * self.standardised(x) + _wide(self.bias, x)


@right
class InnerNorm(nn.Module):
    """A wrapper that prepares the norm inside on purpose."""

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=eps, momentum=momentum)
        nn.init.constant_(self.norm.weight, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


@right
class TrainsWithGradientsOnly(_ByHand):
    """Without gradients it evaluates, in either mode; it counts batches in a plain number."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum, self.num_batches = eps, momentum, 0
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def standardised(self, x):
        if self.training and not torch.is_grad_enabled():
            mean, var = self.evaluated()
            return (x - _wide(mean, x)) / torch.sqrt(_wide(var, x) + self.eps)
        self.num_batches += self.training
        return super().standardised(x)

    def forward(self, x):
        return _wide(self.weight, x) * self.standardised(x) + _wide(self.bias, x)


@right
class ParametersInAnyCase(_ByHand):
    """affine=False leaves the parameters where they are, and does not use them."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True) -> None:
        super().__init__()
        self.eps, self.momentum, self.affine = eps, momentum, affine
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        y = self.standardised(x)
        return _wide(self.weight, x) * y + _wide(self.bias, x) if self.affine else y


# --- published styles ----------------------------------------------------------------------------


@right
class InPlaceActivated(nn.BatchNorm2d):
    """inplace_abn's signature."""

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        activation="leaky_relu",
        activation_param=0.01,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine)
        self.activation, self.activation_param = activation, activation_param

    def forward(self, x):
        y = super().forward(x)
        if self.activation == "leaky_relu":
            return nn.functional.leaky_relu(y, self.activation_param, inplace=True)
        return y


@right
class WithActivationLayer(nn.BatchNorm2d):
    """timm's BatchNormAct2d, with another activation."""

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        act_layer=nn.SiLU,
        inplace=True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        self.drop, self.act = nn.Identity(), act_layer(inplace=inplace)

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


@right
class WithHardswish(nn.BatchNorm2d):
    def forward(self, x):
        return nn.functional.hardswish(super().forward(x))


@right
class FrozenInTwoWays(nn.Module):
    """detectron2's: the way with gradients is written for images alone."""

    def __init__(self, num_features, eps=1e-5) -> None:
        super().__init__()
        self.num_features, self.eps = num_features, eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features) - eps)
        self.register_buffer("num_batches_tracked", None)

    def forward(self, x):
        if x.requires_grad:
            scale = self.weight * (self.running_var + self.eps).rsqrt()
            bias = self.bias - self.running_mean * scale
            return x * scale.reshape(1, -1, 1, 1) + bias.reshape(1, -1, 1, 1)
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
        )


@right
class AddedAndRectified(nn.BatchNorm2d):
    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        y = super().forward(x)
        return torch.relu(y if z is None else y + z)


@right
class AddsWhatItMustBeGiven(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(num_features, eps, momentum)

    def forward(self, x, residual):
        return self.bn(x) + residual


@right
class MasksPadding(nn.BatchNorm1d):
    def forward(self, x: Tensor, pad_mask: Tensor | None = None) -> Tensor:
        if pad_mask is None or not self.training:
            return super().forward(x)
        rows = x.transpose(1, 2)
        made = torch.zeros_like(rows)
        made[~pad_mask] = super().forward(rows[~pad_mask])
        return made.transpose(1, 2)


@right
class GhostBatches(nn.Module):
    """TabNet's."""

    def __init__(self, input_dim, virtual_batch_size=128, momentum=0.01) -> None:
        super().__init__()
        self.virtual_batch_size = virtual_batch_size
        self.bn = nn.BatchNorm1d(input_dim, momentum=momentum)

    def forward(self, x):
        parts = x.chunk(-(-x.shape[0] // self.virtual_batch_size), 0)
        return torch.cat([self.bn(part) for part in parts])


@right
class InSinglePrecision(nn.BatchNorm2d):
    """For mixed precision: parameters in float32 whatever x is."""

    def forward(self, x):
        return super().forward(x.float()).to(x.dtype)


@right
class WithSchedule(nn.BatchNorm2d):
    """Other code lets momentum fall; the attribute is that of the start."""

    scale = 1.0

    def forward(self, x):
        held = self.momentum
        self.momentum = None if held is None else held * self.scale
        try:
            return super().forward(x)
        finally:
            self.momentum = held


@right
class TakesMore(nn.BatchNorm2d):
    def forward(self, x, temperature=1.0, return_stats=False, *, debug=None):
        y = super().forward(x)
        return (y, self.running_mean) if return_stats else y


@right
class FreezesOnDemand(nn.BatchNorm2d):
    """A flag of its own keeps it in evaluation."""

    frozen = False

    def train(self, mode=True):
        return super().train(mode and not self.frozen)


@right
class SavesItsEps(nn.BatchNorm2d):
    """To all digits."""

    def get_extra_state(self):
        return {"eps": self.eps}

    def set_extra_state(self, state):
        self.eps = state["eps"]


@right
class ForgivesOldNames(nn.BatchNorm2d):
    """gamma and beta of other checkpoints are weight and bias here."""

    def _load_from_state_dict(self, state, prefix, *arguments):
        for old, new in (("gamma", "weight"), ("beta", "bias")):
            if prefix + old in state:
                state[prefix + new] = state.pop(prefix + old)
        super()._load_from_state_dict(state, prefix, *arguments)


@right
class ResetsToItsOwn(_ByHand):
    """gamma starts from 0.5 and returns to it; averages are reset apart."""

    def __init__(self, channels, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.empty(channels))
        self.beta = nn.Parameter(torch.empty(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.gamma, 0.5)
        nn.init.zeros_(self.beta)

    def reset_running_stats(self) -> None:
        self.running_mean = torch.zeros_like(self.running_mean)
        self.running_var = torch.ones_like(self.running_var)

    def forward(self, x):
        return self.standardised(x) * _wide(self.gamma, x) + _wide(self.beta, x)


@right
class WithoutDtype(nn.Module):
    """Statistics in double precision inside, whatever x is."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        wide, axes = x.double(), [0, *range(2, x.dim())]
        if self.training:
            var, mean = torch.var_mean(wide, axes, correction=0)
            n = x.numel() / x.shape[1]
            with torch.no_grad():
                for held, new in ((self.running_mean, mean), (self.running_var, var * n / (n - 1))):
                    held.mul_(1 - self.momentum).add_(self.momentum * new.to(held.dtype))
        else:
            mean, var = self.running_mean.double(), self.running_var.double()
        y = (wide - _wide(mean, x)) * torch.rsqrt(_wide(var, x) + self.eps)
        return (y * _wide(self.weight.double(), x) + _wide(self.bias.double(), x)).to(x.dtype)
