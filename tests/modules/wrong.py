"""Torch modules that are wrong around their numbers: each breaks one promise of torch's modules.

They were written from reports of such mistakes, before they were tried.
"""

import copy
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

WRONG: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {}
"""Each wrong module with the properties that reject it."""


def wrong(*properties: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """List a class with the properties that reject it; all of them do."""

    def listed(kind: type[nn.Module]) -> type[nn.Module]:
        WRONG[kind.__name__] = kind, properties
        return kind

    return listed


class ByHand(nn.Module):
    """A drop-in that is right, to be made wrong below."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.make_parameters()
        self.make_statistics()

    def make_parameters(self) -> None:
        shape = self.num_features if self.affine else None
        self.weight = None if shape is None else nn.Parameter(torch.ones(shape))
        self.bias = None if shape is None else nn.Parameter(torch.zeros(shape))

    def make_statistics(self) -> None:
        tracks = self.track_running_stats
        self.register_buffer("running_mean", torch.zeros(self.num_features) if tracks else None)
        self.register_buffer("running_var", torch.ones(self.num_features) if tracks else None)

    def forward(self, x: Tensor) -> Tensor:
        axes = [0, *range(2, x.dim())]
        shape = [1, -1] + [1] * (x.dim() - 2)
        if self.training or self.running_mean is None:
            mean, var = x.mean(axes), x.var(axes, unbiased=False)
            if self.training and self.running_mean is not None:
                self.update(mean, var, x.numel() / x.shape[1])
        else:
            mean, var = self.running_mean, self.running_var
        y = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps)
        return self.scaled(y, shape)

    @torch.no_grad()
    def update(self, mean: Tensor, var: Tensor, n: float) -> None:
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * n / (n - 1), self.momentum)

    def scaled(self, y: Tensor, shape: list[int]) -> Tensor:
        if self.weight is not None:
            y = y * self.weight.view(shape)
        return y if self.bias is None else y + self.bias.view(shape)


# --- initial values ------------------------------------------------------------------------------


@wrong("module/initial-values", "module/parameters", "module/state-dict", "module/affine")
class FourFaults(nn.Module):
    """The variance starts at 0, the bias at 1, flags are ignored, statistics are not saved."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.ones(num_features))
        self.running_mean = torch.zeros(num_features)
        self.running_var = torch.zeros(num_features)

    def forward(self, x):
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


@wrong("module/initial-values")
class VarianceStartsAtZero(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        if self.running_var is not None:
            self.running_var.zero_()


@wrong("module/initial-values")
class BiasStartsAtOne(ByHand):
    def make_parameters(self) -> None:
        super().make_parameters()
        if self.bias is not None:
            nn.init.ones_(self.bias)


@wrong("module/initial-values")
class WeightStartsAtZero(nn.BatchNorm1d):
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.affine:
            nn.init.zeros_(self.weight)


@wrong("module/initial-values")
class WeightDrawnAtRandom(nn.BatchNorm2d):
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.affine:
            nn.init.uniform_(self.weight)


@wrong("module/initial-values")
class MeanStartsAtOne(nn.Module):
    """Without flags, but with torch's names."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.ones(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
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


# --- parameters and buffers ----------------------------------------------------------------------


@wrong("module/parameters")
class WeightIsABuffer(ByHand):
    def make_parameters(self) -> None:
        super().make_parameters()
        if self.affine:
            del self.weight
            self.register_buffer("weight", torch.ones(self.num_features))


@wrong("module/parameters")
class BiasWithoutGradient(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        if self.bias is not None:
            self.bias.requires_grad_(False)


@wrong("module/parameters")
class AlwaysDouble(ByHand):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.double()


@wrong("module/parameters")
class OtherNames(nn.BatchNorm1d):
    """A subclass whose parameters have names of their own: torch's checkpoints do not fit."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__(num_features, eps, momentum, False, track_running_stats)
        self.gamma = nn.Parameter(torch.ones(num_features)) if affine else None
        self.beta = nn.Parameter(torch.zeros(num_features)) if affine else None

    def forward(self, x):
        y = super().forward(x)
        return y if self.gamma is None else y * self.gamma + self.beta


# --- state_dict ----------------------------------------------------------------------------------


@wrong("module/state-dict", "module/parameters")
class PlainStatistics(nn.BatchNorm2d):
    def __init__(self, num_features: int, **settings: Any) -> None:
        super().__init__(num_features, **settings)
        mean, var = self.running_mean, self.running_var
        del self.running_mean, self.running_var
        self.running_mean, self.running_var = mean, var


@wrong("module/state-dict")
class NotPersistent(ByHand):
    def make_statistics(self) -> None:
        super().make_statistics()
        if self.track_running_stats:
            self.register_buffer("running_var", torch.ones(self.num_features), persistent=False)


@wrong("module/state-dict")
class LoadIgnoresTheVariance(nn.BatchNorm2d):
    def _load_from_state_dict(self, state_dict, prefix, *rest):
        kept = dict(state_dict)
        if self.running_var is not None:
            kept[f"{prefix}running_var"] = self.running_var
        super()._load_from_state_dict(kept, prefix, *rest)


@wrong("module/state-dict")
class ResetAfterLoading(nn.BatchNorm2d):
    def load_state_dict(self, *arguments, **settings):
        result = super().load_state_dict(*arguments, **settings)
        self.reset_running_stats()
        return result


@wrong("module/state-dict")
class SavesAnEmptyMean(ByHand):
    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.track_running_stats:
            destination[f"{prefix}running_mean"] = torch.zeros_like(self.running_mean)


@wrong("module/state-dict")
class RegisteredLate(ByHand):
    """The buffers are there after the first batch only."""

    def make_statistics(self) -> None:
        self.running_mean = self.running_var = None

    def update(self, mean, var, n):
        raise AssertionError

    def forward(self, x):
        if self.training and self.track_running_stats and self.running_mean is None:
            del self.running_mean, self.running_var
            self.register_buffer("running_mean", torch.zeros(self.num_features, dtype=x.dtype))
            self.register_buffer("running_var", torch.ones(self.num_features, dtype=x.dtype))
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self.momentum,
            self.eps,
        )


@wrong("module/state-dict")
class WeightUnderAnotherKey(nn.BatchNorm2d):
    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.affine:
            destination[f"{prefix}gamma"] = destination.pop(f"{prefix}weight")


# --- copies --------------------------------------------------------------------------------------


@wrong("module/copies")
class CopiesShareStatistics(nn.BatchNorm2d):
    def __deepcopy__(self, memo):
        made = copy.copy(self)
        made._parameters = copy.deepcopy(self._parameters, memo)
        made._buffers = dict(self._buffers)
        return made


@wrong("module/copies")
class CopiesAreNew(nn.BatchNorm1d):
    def __deepcopy__(self, memo):
        made = type(self)(
            self.num_features, self.eps, self.momentum, self.affine, self.track_running_stats
        )
        if self.affine:
            made.load_state_dict(self.state_dict() | {"running_mean": made.running_mean})
        return made.to(self.running_mean.dtype)


@wrong("module/copies", "module/pickle")
class HoldsALock(ByHand):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.lock = threading.Lock()


@wrong("module/copies")
class SharedByTheClass(ByHand):
    """All modules of one width have one running mean, which a copy takes along."""

    _means: dict[tuple[int, torch.dtype], Tensor] = {}

    def __deepcopy__(self, memo):
        mean = self.running_mean
        if mean is not None:
            memo[id(mean)] = mean
        made = type(self).__new__(type(self))
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
        return made


# --- pickle --------------------------------------------------------------------------------------


@wrong("module/pickle")
class HoldsALambda(ByHand):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.root = lambda value: value.sqrt()


@wrong("module/pickle")
class PickledWithoutStatistics(nn.BatchNorm2d):
    def __getstate__(self):
        state = dict(self.__dict__)
        state["_buffers"] = {
            name: None if held is None else torch.ones_like(held)
            for name, held in self._buffers.items()
        }
        return state

    def __deepcopy__(self, memo):
        made = type(self).__new__(type(self))
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
        return made


@wrong("module/pickle")
class PickledAsNew(nn.BatchNorm1d):
    def __reduce__(self):
        return type(self), (self.num_features, self.eps, self.momentum, self.affine)

    def __deepcopy__(self, memo):
        made = type(self).__new__(type(self))
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
        return made


# --- dtype ---------------------------------------------------------------------------------------


@wrong("module/dtype")
class StatisticsStayBehind(ByHand):
    def _apply(self, fn, recurse=True):
        held = dict(self._buffers)
        super()._apply(fn, recurse)
        self._buffers.update(held)
        return self


@wrong("module/dtype")
class MovedThroughHalf(nn.BatchNorm2d):
    def _apply(self, fn, recurse=True):
        return super()._apply(lambda t: fn(t.half() * 1.0009765625), recurse)


@wrong("module/dtype")
class ResetWhenMoved(nn.BatchNorm2d):
    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        nn.init.zeros_(self.bias) if self.bias is not None else None
        if self.running_var is not None:
            self.running_var.fill_(2)
        return self


@wrong("module/dtype")
class CounterBecomesANumber(nn.BatchNorm2d):
    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked = self.num_batches_tracked.float()
        return self


# --- flags ---------------------------------------------------------------------------------------


@wrong("module/affine")
class AffineIgnored(ByHand):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__(num_features, eps, momentum, True, track_running_stats)


@wrong("module/affine")
class AffineDropsTheBiasOnly(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        if self.weight is None:
            self.weight = nn.Parameter(torch.ones(self.num_features))


@wrong("module/affine")
class WithoutEpsUnlessAffine(ByHand):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        if not self.affine:
            self.eps = 0.0


@wrong("module/affine")
class AffineOfAnotherOrder(nn.BatchNorm1d):
    """affine goes where track_running_stats belongs."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, track_running_stats=True, affine=True
    ) -> None:
        super().__init__(num_features, eps, momentum, track_running_stats, affine)


@wrong("module/tracking")
class TrackingIgnored(ByHand):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, True)


@wrong("module/tracking")
class TrackingDecidedOnce(nn.BatchNorm2d):
    """The flag is read in the constructor, and not when it is set later."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.tracks = self.track_running_stats

    def forward(self, x):
        return batch_norm(
            x,
            self.running_mean if self.tracks else None,
            self.running_var if self.tracks else None,
            self.weight,
            self.bias,
            self.training or not self.tracks,
            0.1 if self.momentum is None else self.momentum,
            self.eps,
        )


@wrong("module/tracking")
class WithoutTrackingNothingIsNormalised(ByHand):
    def forward(self, x):
        if not self.training and not self.track_running_stats:
            return self.scaled(x, [1, -1] + [1] * (x.dim() - 2))
        return super().forward(x)


@wrong("module/tracking")
class StatisticsAnyway(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        if not self.track_running_stats:
            self.register_buffer("running_mean", torch.zeros(self.num_features))
            self.register_buffer("running_var", torch.ones(self.num_features))


@wrong("module/tracking")
class LastBatchInEvaluation(ByHand):
    """Without tracking, evaluation uses what training left of the batch before."""

    def forward(self, x):
        if self.track_running_stats:
            return super().forward(x)
        axes = [0, *range(2, x.dim())]
        shape = [1, -1] + [1] * (x.dim() - 2)
        if self.training:
            self.last = x.mean(axes).detach() + 1, x.var(axes, unbiased=False).detach()
        now = x.mean(axes), x.var(axes, unbiased=False)
        mean, var = now if self.training else getattr(self, "last", now)
        y = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps)
        return self.scaled(y, shape)


# --- gradients -----------------------------------------------------------------------------------


@wrong("module/requires-grad")
class TrainingUnfreezes(nn.BatchNorm2d):
    def forward(self, x):
        if self.training and self.affine:
            self.weight.requires_grad_()
        return super().forward(x)


@wrong("module/requires-grad")
class ModeUnfreezes(ByHand):
    def train(self, mode=True):
        for parameter in self.parameters():
            parameter.requires_grad_(mode)
        return super().train(mode)


@wrong("module/requires-grad")
class MovingUnfreezes(ByHand):
    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        for name, held in list(self._parameters.items()):
            if held is not None:
                self._parameters[name] = nn.Parameter(held.detach())
        return self


@wrong("module/requires-grad")
class LoadingUnfreezes(nn.BatchNorm1d):
    def load_state_dict(self, *arguments, **settings):
        result = super().load_state_dict(*arguments, **settings)
        for parameter in self.parameters():
            parameter.requires_grad = True
        return result


class _Scaled(torch.autograd.Function):
    """xhat * weight + bias, whose backward has all or nothing of the parameters' gradients."""

    @staticmethod
    def forward(ctx, xhat, weight, bias):
        ctx.save_for_backward(xhat, weight)
        return xhat * weight + bias

    @staticmethod
    def backward(ctx, dy):
        xhat, weight = ctx.saved_tensors
        if not ctx.needs_input_grad[1]:
            return dy * weight, None, None
        axes = [i for i in range(dy.dim()) if i != 1]
        return dy * weight, (dy * xhat).sum(axes, keepdim=True), dy.sum(axes, keepdim=True)


@wrong("module/frozen")
class FrozenWeightFreezesTheBias(ByHand):
    def scaled(self, y, shape):
        if self.weight is None:
            return y
        return _Scaled.apply(y, self.weight.view(shape), self.bias.view(shape))


@wrong("module/frozen")
class FrozenWeightStopsTheGradient(ByHand):
    def scaled(self, y, shape):
        if self.weight is not None and not self.weight.requires_grad:
            y = y.detach()
        return super().scaled(y, shape)


@wrong("module/frozen")
class FrozenBiasEvaluates(nn.BatchNorm2d):
    def forward(self, x):
        frozen = self.bias is not None and not self.bias.requires_grad
        if self.training and frozen:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(x)


@wrong("module/checkpointing")
class EvaluatesWhenRunAgain(nn.BatchNorm2d):
    """A second forward pass with gradients, after one without, takes the running statistics."""

    ran = False

    def forward(self, x):
        again, self.ran = self.ran, self.training and not torch.is_grad_enabled()
        if self.training and again:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(x)


@wrong("module/checkpointing")
class NoUpdateUnderCheckpointing(ByHand):
    ran = False

    def update(self, mean, var, n):
        pass

    def forward(self, x):
        again, self.ran = self.ran, self.training and not torch.is_grad_enabled()
        if self.training and not again and not self.ran and self.running_mean is not None:
            axes = [0, *range(2, x.dim())]
            n = x.numel() / x.shape[1]
            ByHand.update(self, x.mean(axes).detach(), x.var(axes, unbiased=False).detach(), n)
        return super().forward(x)


@wrong("module/checkpointing")
class ReplacesWhenRunAgain(ByHand):
    ran = False

    def forward(self, x):
        again, self.ran = self.ran, self.training and not torch.is_grad_enabled()
        held, self.momentum = self.momentum, 0.75 if again else self.momentum
        y = super().forward(x)
        self.momentum = held
        return y


# --- averages ------------------------------------------------------------------------------------


@wrong("module/batches-tracked")
class CountsEvaluation(nn.BatchNorm2d):
    def forward(self, x):
        if not self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return super().forward(x)


@wrong("module/batches-tracked")
class NeverCounts(nn.BatchNorm2d):
    def forward(self, x):
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.1 if self.momentum is None else self.momentum,
            self.eps,
        )


@wrong("module/batches-tracked")
class CountsSamples(nn.BatchNorm2d):
    def forward(self, x):
        y = super().forward(x)
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(len(x) - 1)
        return y


@wrong("module/batches-tracked")
class CountsAsAFloat(nn.BatchNorm2d):
    def reset_running_stats(self) -> None:
        super().reset_running_stats()
        if self.track_running_stats:
            self.num_batches_tracked = self.num_batches_tracked.double()


@wrong("module/batches-tracked")
class CountsInAPlainNumber(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        del self.num_batches_tracked
        self.num_batches_tracked = torch.tensor(0) if self.track_running_stats else None


@wrong("module/cumulative")
class NoneIsTheDefault(nn.BatchNorm2d):
    def forward(self, x):
        held, self.momentum = self.momentum, 0.1 if self.momentum is None else self.momentum
        y = super().forward(x)
        self.momentum = held
        return y


@wrong("module/cumulative")
class CountedTooLate(nn.BatchNorm1d):
    def forward(self, x):
        if not (self.training and self.track_running_stats and self.momentum is None):
            return super().forward(x)
        factor = 1.0 / float(self.num_batches_tracked + 2)
        self.num_batches_tracked.add_(1)
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, True, factor, self.eps
        )


@wrong("module/cumulative")
class MeanOnlyIsCumulative(nn.BatchNorm2d):
    def forward(self, x):
        if not (self.training and self.track_running_stats and self.momentum is None):
            return super().forward(x)
        before = self.running_var.clone()
        y = super().forward(x)
        with torch.no_grad():
            self.running_var.copy_(0.9 * before + 0.1 * x.var((0, 2, 3)))
        return y


@wrong("module/cumulative")
class CounterGrowsWhenLoaded(nn.BatchNorm2d):
    """Where momentum is None, what is loaded counts as a batch."""

    def _load_from_state_dict(self, state, prefix, meta, strict, missing, unexpected, errors):
        super()._load_from_state_dict(state, prefix, meta, strict, missing, unexpected, errors)
        if self.num_batches_tracked is not None and self.momentum is None:
            self.num_batches_tracked.add_(1)


@wrong("module/cumulative")
class CounterIsNotSaved(nn.BatchNorm1d):
    """A run that goes on from a checkpoint begins with a count of its own."""

    def _load_from_state_dict(self, state, prefix, meta, strict, missing, unexpected, errors):
        super()._load_from_state_dict(state, prefix, meta, strict, missing, unexpected, errors)
        if self.num_batches_tracked is not None and self.momentum is None:
            self.num_batches_tracked.zero_()


# --- conversions ---------------------------------------------------------------------------------


@wrong("module/sync-conversion")
class EpsUnderAnotherName(nn.BatchNorm2d):
    """The eps that is used is not the one that torch's attribute says."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True
    ) -> None:
        super().__init__(num_features, 1e-3, momentum, affine, track_running_stats)
        self.own_eps = eps

    def forward(self, x):
        held, self.eps = self.eps, self.own_eps
        y = super().forward(x)
        self.eps = held
        return y


@wrong("module/sync-conversion")
class AffineIsForgotten(nn.BatchNorm2d):
    """The attribute affine is False, so that the conversion leaves the parameters out."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.affine = False


@wrong("module/functional-call")
class UsesAnAlias(ByHand):
    """A list of the statistics, made in the constructor, is what is read and moved."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.statistics = [self.running_mean, self.running_var]

    def forward(self, x):
        mean, var = self.statistics
        return batch_norm(
            x,
            mean,
            var,
            self.weight,
            self.bias,
            self.training or mean is None,
            self.momentum,
            self.eps,
        )

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        self.statistics = [self.running_mean, self.running_var]
        return self


@wrong("module/functional-call")
class KeepsItsWeight(nn.BatchNorm2d):
    """The weight is taken from a reference of its own."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        object.__setattr__(self, "kept", self.weight)

    def forward(self, x):
        given = self.weight
        if given is not None and type(given) is Tensor:
            x = super().forward(x)
            shape = [1, -1] + [1] * (x.dim() - 2)
            bias = self.bias.view(shape)
            return (x - bias) / given.view(shape) * self.kept.to(x.dtype).view(shape) + bias
        return super().forward(x)


@wrong("module/functional-call")
class MovesItsOwn(ByHand):
    """The update goes to the module that was made, whatever buffers a call is given."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.made = dict(self._buffers)

    def forward(self, x):
        y = super().forward(x)
        if self.made["running_mean"] is not None and self.running_mean is not self.made["running_mean"]:
            moved = self.made["running_mean"]
            moved.add_(x.detach().transpose(0, 1).flatten(1).mean(1).to(moved.dtype))
        return y

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        self.made = dict(self._buffers)
        return self


# --- settings that are set later -----------------------------------------------------------------


@wrong("module/settings")
class EpsCaptured(nn.BatchNorm2d):
    """eps of the constructor is used in training, whatever the attribute says later."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._kept = self.eps

    def forward(self, x):
        held = self.eps
        self.eps = self._kept if self.training else held
        y = super().forward(x)
        self.eps = held
        return y


@wrong("module/settings")
class EpsCapturedForEvaluation(ByHand):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.variance_floor = self.eps

    def forward(self, x):
        held, self.eps = self.eps, self.eps if self.training else self.variance_floor
        y = super().forward(x)
        self.eps = held
        return y


@wrong("module/settings")
class MomentumCaptured(nn.BatchNorm2d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._kept = self.momentum

    def forward(self, x):
        held, self.momentum = self.momentum, self._kept
        y = super().forward(x)
        self.momentum = held
        return y


@wrong("module/settings")
class MomentumOfTheFirstCall(ByHand):
    """The weight of a batch is formed when it is needed first, and kept."""

    weight_of_batch = None

    def update(self, mean, var, n):
        if self.weight_of_batch is None:
            self.weight_of_batch = self.momentum
        held, self.momentum = self.momentum, self.weight_of_batch
        super().update(mean, var, n)
        self.momentum = held


@wrong("module/settings")
class MomentumOfTheVarianceCaptured(nn.BatchNorm1d):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._kept = self.momentum

    def forward(self, x):
        if not self.training or self.running_var is None or self._kept is None:
            return super().forward(x)
        before = self.running_var.clone()
        y = super().forward(x)
        axes = [0, *range(2, x.dim())]
        self.running_var = before.lerp(x.detach().var(axes), self._kept)
        return y


# --- resets --------------------------------------------------------------------------------------


class _Made:
    made = False

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.made = True


@wrong("module/resets")
class VarianceResetToZero(_Made, nn.BatchNorm2d):
    def reset_running_stats(self) -> None:
        super().reset_running_stats()
        if self.made and self.track_running_stats:
            self.running_var.zero_()


@wrong("module/resets")
class ResetForgetsTheCounter(_Made, nn.BatchNorm2d):
    def reset_running_stats(self) -> None:
        held = self.num_batches_tracked
        held = None if held is None else held.clone()
        super().reset_running_stats()
        if self.made and held is not None:
            self.num_batches_tracked.copy_(held)


@wrong("module/resets")
class ResetForgetsTheMean(_Made, nn.BatchNorm1d):
    def reset_running_stats(self) -> None:
        if not self.made:
            super().reset_running_stats()
        elif self.track_running_stats:
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()


@wrong("module/resets")
class ParametersAreNotReset(_Made, nn.BatchNorm2d):
    def reset_parameters(self) -> None:
        if not self.made:
            super().reset_parameters()
            return
        self.reset_running_stats()
        if self.affine:
            nn.init.zeros_(self.bias)


@wrong("module/resets")
class ParametersResetLeavesStatistics(_Made, nn.BatchNorm2d):
    def reset_parameters(self) -> None:
        if not self.made:
            super().reset_parameters()
        elif self.affine:
            nn.init.ones_(self.weight)
            nn.init.zeros_(self.bias)


@wrong("module/resets")
class StatisticsResetTakesTheParameters(_Made, nn.BatchNorm2d):
    """What is meant to begin new averages loses what was learnt."""

    def reset_running_stats(self) -> None:
        super().reset_running_stats()
        if self.made and self.affine:
            with torch.no_grad():
                self.weight.fill_(1)
                self.bias.zero_()


@wrong("module/resets")
class ResetToAnotherDtype(_Made, nn.BatchNorm2d):
    def reset_running_stats(self) -> None:
        super().reset_running_stats()
        if self.made and self.track_running_stats:
            self.running_mean = torch.zeros(self.num_features, dtype=torch.float16)
            self.running_var = torch.ones(self.num_features, dtype=torch.float16)


# --- without gradients ---------------------------------------------------------------------------


@wrong("module/no-grad")
class NoUpdateWithoutGradients(nn.BatchNorm2d):
    """Averages that are estimated anew under no_grad, as torch's update_bn does, never move."""

    def forward(self, x):
        if self.training and not torch.is_grad_enabled() and self.track_running_stats:
            return batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


@wrong("module/no-grad")
class EvaluatesWithoutGradients(nn.BatchNorm2d):
    def forward(self, x):
        if self.training and not torch.is_grad_enabled() and self.track_running_stats:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(x)


@wrong("module/no-grad")
class BiasedWithoutGradients(ByHand):
    def update(self, mean, var, n):
        super().update(mean, var, n if torch.is_grad_enabled() else 1e9)


@wrong("module/no-grad")
class InferenceModeUsesTheBatch(nn.BatchNorm2d):
    def forward(self, x):
        if not self.training and torch.is_inference_mode_enabled():
            return batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


# --- modes ---------------------------------------------------------------------------------------


@wrong("module/mode")
class EvalReturnsNothing(nn.BatchNorm2d):
    def eval(self):
        super().eval()


@wrong("module/mode")
class TrainReturnsNothing(ByHand):
    def train(self, mode=True):
        super().train(mode)


@wrong("module/mode")
class EvalIsIgnored(nn.BatchNorm2d):
    """train(False) evaluates, eval() does not."""

    def eval(self):
        return self


@wrong("module/mode")
class EvaluatesForGood(nn.BatchNorm2d):
    """Once it was in evaluation, train() does not bring it back."""

    evaluated = False

    def eval(self):
        self.evaluated = True
        return super().eval()

    def train(self, mode=True):
        return super().train(mode and not self.evaluated)


@wrong("module/mode")
class OwnSwitch(nn.BatchNorm2d):
    """A second switch that eval() turns off and train() leaves off."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.updates = True

    def eval(self):
        self.updates = False
        return super().eval()

    def forward(self, x):
        if self.training and not self.updates and self.track_running_stats:
            return batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


# --- more of copies, dtype, checkpoints ----------------------------------------------------------


@wrong("module/copies")
class CopiesShareTheCounter(nn.BatchNorm2d):
    def __deepcopy__(self, memo):
        counter = self.num_batches_tracked
        if counter is not None:
            memo[id(counter)] = counter
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
        return made


@wrong("module/copies")
class CopiesTrain(nn.BatchNorm2d):
    """A deep copy of a module in evaluation is in training."""

    def __deepcopy__(self, memo):
        made = type(self).__new__(type(self))
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
        made.training = True
        return made


@wrong("module/dtype")
class CounterZeroedWhenMoved(nn.BatchNorm2d):
    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked = torch.zeros_like(self.num_batches_tracked)
        return self


@wrong("module/state-dict")
class MissingStatisticsAreAccepted(nn.BatchNorm2d):
    """A checkpoint without a running variance is loaded strictly."""

    def _load_from_state_dict(self, state, prefix, meta, strict, missing, unexpected, errors):
        super()._load_from_state_dict(state, prefix, meta, strict, missing, unexpected, errors)
        missing.clear()


@wrong("module/state-dict")
class UnexpectedEntriesAreAccepted(nn.BatchNorm2d):
    def _load_from_state_dict(self, state, prefix, meta, strict, missing, unexpected, errors):
        super()._load_from_state_dict(state, prefix, meta, strict, missing, unexpected, errors)
        unexpected.clear()


@wrong("module/state-dict")
class AlwaysLoadsLoosely(nn.BatchNorm1d):
    def load_state_dict(self, state, strict=True, **settings):
        return super().load_state_dict(state, strict=False, **settings)


@wrong("module/state-dict")
class OldCheckpointsLoseTheAverages(nn.BatchNorm2d):
    """Without num_batches_tracked, as before torch 0.4.1, the statistics begin anew."""

    def _load_from_state_dict(self, state, prefix, meta, strict, missing, unexpected, errors):
        old = prefix + "num_batches_tracked" not in state
        super()._load_from_state_dict(state, prefix, meta, strict, missing, unexpected, errors)
        if old and self.track_running_stats:
            self.reset_running_stats()


@wrong("module/state-dict")
class RoundedEpsIsSaved(nn.BatchNorm2d):
    def get_extra_state(self):
        return {"eps": round(self.eps, 6)}

    def set_extra_state(self, state):
        self.eps = state["eps"]


@wrong("module/frozen")
class WhollyFrozenEvaluates(nn.BatchNorm2d):
    """With both parameters frozen it evaluates, although it is in training."""

    def forward(self, x):
        frozen = self.affine and not (self.weight.requires_grad or self.bias.requires_grad)
        if self.training and frozen and self.track_running_stats:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(x)


@wrong("module/parameters")
class ParametersInAnotherOrder(nn.BatchNorm2d):
    """The state of an optimizer, which goes by order, gets to the wrong parameter."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._parameters = dict(reversed(list(self._parameters.items())))


@wrong("module/parameters")
class CannotBePrinted(nn.BatchNorm2d):
    def extra_repr(self):
        return f"{self.channels}, eps={self.eps}"
