"""Small objects as users write them, for tests; each is right unless its docstring says wrong."""

# mypy: ignore-errors
# users do not type their modules so that mypy is content

import types
from typing import Any

import numpy as np
import torch
from torch import nn

from bnproof.engine.model.formats import Array


class Rows:
    """NumPy, with a flag; averages are made at the first call; gradients are left behind."""

    def __init__(self, n_units: int, rho: float = 0.9) -> None:
        self.rho = rho
        self.scale, self.shift = np.ones(n_units), np.zeros(n_units)
        self.avg: Any = None
        self.spread: Any = None

    def forward(self, batch: Array, is_training: bool = True) -> Array:
        """Normalise rows."""
        if self.avg is None:
            self.avg, self.spread = np.zeros(batch.shape[1]), np.ones(batch.shape[1])
        if not is_training:
            return self.scale * (batch - self.avg) / np.sqrt(self.spread + 1e-4) + self.shift
        mean, var = batch.mean(axis=0), batch.var(axis=0)
        self.inv = 1 / np.sqrt(var + 1e-4)
        self.xhat = (batch - mean) * self.inv
        self.avg = self.rho * self.avg + (1 - self.rho) * mean
        self.spread = self.rho * self.spread + (1 - self.rho) * var
        return self.scale * self.xhat + self.shift

    def backward(self, dout: Array) -> Array:
        """Return dx, and leave the others."""
        self.grad_scale, self.grad_shift = (dout * self.xhat).sum(axis=0), dout.sum(axis=0)
        n = len(dout)
        rest = (self.grad_shift + self.xhat * self.grad_scale) / n
        return np.asarray(self.scale * self.inv * (dout - rest))


class SilentBeta(nn.Module):
    """Wrong: beta has no effect."""

    def __init__(self, nf: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.mult = nn.Parameter(torch.ones(1, nf, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, nf, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images."""
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
        return self.mult * (x - mean) / torch.sqrt(var + self.eps)


class SwappedNames(nn.Module):
    """Wrong: what is called gamma shifts, and what is called beta scales."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise rows."""
        xhat = (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + self.eps)
        return self.beta * xhat + self.gamma


class SwappedMomentum(nn.BatchNorm1d):
    """Wrong: a default momentum of 0.1 that weighs the old value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise rows or sequences."""
        assert self.momentum is not None
        momentum = 1 - self.momentum
        return nn.functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training,
            momentum, self.eps,
        )  # fmt: skip


class Noisy(nn.BatchNorm2d):
    """It has a buffer that plays no role of batch normalization."""

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.register_buffer("noise", torch.zeros(num_features))


class NoEvaluation(nn.BatchNorm2d):
    """Its evaluation raises."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Train only."""
        if not self.training:
            raise RuntimeError("evaluation is not written yet")
        return super().forward(x)


class WithoutGradients(nn.BatchNorm2d):
    """Its output does not require gradients."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images, detached."""
        return super().forward(x).detach()


class Frozen(nn.Module):
    """For inference only: everything is a buffer."""

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name, start in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            self.register_buffer(name, torch.full((n,), start))
        self.register_buffer("running_var", torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images by the statistics held."""
        scale = self.weight / torch.sqrt(self.running_var + self.eps)
        shift = self.bias - self.running_mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


class FrozenWithItsOwnEps(nn.Module):
    """For inference only, with an eps that nobody is told."""

    def __init__(self, n: int) -> None:
        super().__init__()
        for name, start in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            self.register_buffer(name, torch.full((n,), start))
        self.register_buffer("running_var", torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images by the statistics held."""
        scale = self.weight * (self.running_var + 1e-3).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


class BlockWithConvolution(nn.Module):
    """A batch normalization behind a convolution."""

    def __init__(self, inputs: int = 3, outputs: int = 8) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(inputs, outputs, 3), nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve and normalise."""
        y: torch.Tensor = self.bn(self.conv(x))
        return y


class NormThenRelu(nn.Module):
    """A batch normalization and a ReLU in one module."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(planes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise and rectify."""
        return torch.relu(self.bn(x))


class ReluThenNorm(NormThenRelu):
    """Wrong: rectified before it is normalised."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rectify and normalise."""
        y: torch.Tensor = self.bn(torch.relu(x))
        return y


class PositiveEps(nn.BatchNorm2d):
    """Its constructor refuses an eps of 0."""

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        if eps <= 0:
            raise ValueError("eps must be positive")
        super().__init__(n, eps)


class AxisOfSamples:
    """Wrong: it normalises over the features of a sample."""

    def __init__(self, n: int) -> None:
        self.gamma, self.beta = np.ones(n), np.zeros(n)

    def __call__(self, x: Array) -> Array:
        """Normalise rows."""
        mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        return self.gamma * (x - mean) / np.sqrt(var + 1e-5) + self.beta


class Columns:
    """NumPy; samples are columns, of shape (units, m)."""

    def __init__(self, n: int) -> None:
        self.gamma, self.beta = np.ones((n, 1)), np.zeros((n, 1))

    def forward(self, Z: Array) -> Array:  # noqa: N803  # as in the lectures
        """Normalise columns."""
        mean, var = Z.mean(axis=1, keepdims=True), Z.var(axis=1, keepdims=True)
        return np.asarray(self.gamma * (Z - mean) / np.sqrt(var + 1e-5) + self.beta)


class OnceOnly(Rows):
    """Its backward uses up what forward has left."""

    def backward(self, dout: Array) -> Array:
        """Return dx, and forget."""
        made = super().backward(dout)
        del self.xhat
        return made


class ViewOnly(nn.BatchNorm2d):
    """It takes contiguous x only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images."""
        flat = x.view(x.shape[0], x.shape[1], -1, 1)
        return super().forward(flat).view(x.shape)


class NormThenSilu(NormThenRelu):
    """A batch normalization and a smooth activation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise and activate."""
        return nn.functional.silu(self.bn(x))


class NormThenSoftsign(NormThenRelu):
    """A batch normalization and an activation that a check does not know."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise and activate."""
        return nn.functional.softsign(self.bn(x))


class Residual(NormThenRelu):
    """Wrong: part of x goes past the norm."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise, activate, and add."""
        return nn.functional.silu(self.bn(x)) + 0.1 * x


class Doubled(NormThenRelu):
    """Wrong: what the norm returns is doubled."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise and double."""
        return 2 * self.bn(x)


class EvaluatesByHabit(NormThenSilu):
    """Wrong: the norm stays in training mode."""

    def train(self, mode: bool = True) -> "EvaluatesByHabit":
        """Select a mode for all but the norm."""
        super().train(mode)
        self.bn.train()
        return self


class _Tensor:
    __slots__ = ("grad", "value")

    def __init__(self, value: Array) -> None:
        self.value, self.grad = value, None


def _normalised(x: Array) -> Array:
    return np.asarray((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5))


class InTuple:
    """gamma and beta in a tuple."""

    def __init__(self, n: int) -> None:
        self.params = (np.ones(n), np.zeros(n))

    def forward(self, x: Array) -> Array:
        """Normalise rows."""
        return _normalised(x) * self.params[0] + self.params[1]


class InNamespace:
    """gamma and beta in a namespace."""

    def __init__(self, n: int) -> None:
        self.p = types.SimpleNamespace(gamma=np.ones(n), beta=np.zeros(n))

    def forward(self, x: Array) -> Array:
        """Normalise rows."""
        return _normalised(x) * self.p.gamma + self.p.beta


class InSlots:
    """gamma and beta in objects with slots."""

    def __init__(self, n: int) -> None:
        self.g, self.b = _Tensor(np.ones(n)), _Tensor(np.zeros(n))

    def forward(self, x: Array) -> Array:
        """Normalise rows."""
        return _normalised(x) * self.g.value + self.b.value


class ForgetsB1:
    """Wrong: b1 is never added."""

    def __init__(self, n: int) -> None:
        self.g1, self.b1 = np.ones(n), np.zeros(n)

    def forward(self, x: Array) -> Array:
        """Normalise rows."""
        return _normalised(x) * self.g1


class TrainsByRunning(nn.Module):
    """Wrong: training normalises by the running statistics."""

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise rows."""
        xhat = (x - self.running_mean) / torch.sqrt(self.running_var + self.eps)
        return self.weight * xhat + self.bias


class OnePlus(nn.Module):
    """The scale is 1 plus a parameter."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.excess, self.bias = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise rows."""
        xhat = (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + 1e-5)
        return (1 + self.excess) * xhat + self.bias
