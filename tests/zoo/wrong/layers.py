"""Stateful layers that get their state wrong."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from flawed import Flawed

NAMES = ("running_mean", "running_var", "gamma", "beta")


class _Layer:
    cumulative = False

    def __init__(self, channels: int, momentum: Any, eps: float) -> None:
        self.functions = Flawed()
        self.momentum, self.eps = momentum, eps
        starts = zip(NAMES, (0, 1, 1, 0), strict=True)
        self.kept = {name: np.full(channels, start, np.float32) for name, start in starts}
        self.seen = 0

    def train(self, x: Any) -> Any:
        y, mean, var, backward = self._step(x)
        self.kept |= {"running_mean": mean, "running_var": var}
        self.seen += 1
        return y, backward

    def infer(self, x: Any) -> Any:
        y, _, _, backward = self.functions.infer(x, *self._arrays(), eps=self.eps)
        return y, backward

    def state(self) -> dict[str, Any]:
        counted = {"batches_seen": np.array(self.seen)} if self.cumulative else {}
        return {name: np.array(value) for name, value in self.kept.items()} | counted

    def load(self, state: dict[str, Any]) -> None:
        for name in self.kept:
            self.kept[name] = np.array(state[name], dtype=np.float32)
        self.seen = int(state.get("batches_seen", self.seen))

    def _step(self, x: Any) -> Any:
        weight = self._weight()
        return self.functions.train(x, *self._arrays(), momentum=weight, eps=self.eps)

    def _weight(self) -> Any:
        return 1 / (self.seen + 1) if self.momentum is None else self.momentum

    def _arrays(self) -> Any:
        order = ("gamma", "beta", "running_mean", "running_var")
        return [self.kept[name].copy() for name in order]


class _Offers:
    """Offers layers of one kind."""

    abstract = True
    kind: ClassVar[type[_Layer]] = _Layer
    reveals: tuple[str, ...] = ("layer",)

    def layer(self, channels: int, *, momentum: Any, eps: float) -> Any:
        """Make a layer."""
        return self.kind(channels, momentum, eps)


class _Shared(_Layer):
    _all: ClassVar[dict[int, Any]] = {}

    def __init__(self, channels: int, momentum: Any, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        self.kept = self._all.setdefault(channels, self.kept)


class SharedState(_Offers):
    """Lets layers of equal width share their state (tabnet)."""

    kind = _Shared


class _SharedMean(_Layer):
    _means: ClassVar[dict[int, Any]] = {}

    def __init__(self, channels: int, momentum: Any, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        self._buffer = self._means.setdefault(channels, np.zeros(channels, np.float32))
        self.kept["running_mean"] = self._buffer

    def train(self, x: Any) -> Any:
        y, backward = super().train(x)
        self._buffer[:] = self.kept["running_mean"]
        self.kept["running_mean"] = self._buffer
        return y, backward


class SharedDefault(_Offers):
    """Starts all layers of equal width from one and the same running mean."""

    kind = _SharedMean


class _SharedCache(_Layer):
    _latest: ClassVar[dict[str, Any]] = {}

    def train(self, x: Any) -> Any:
        y, backward = super().train(x)
        self._latest["backward"] = backward
        return y, self._again

    def _again(self, dy: Any) -> Any:
        return self._latest["backward"](dy)


class SharedCache(_Offers):
    """Differentiates the latest training of any layer (mutable class attribute)."""

    kind = _SharedCache


class _LoadForgetsVariance(_Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "running_var": self.kept["running_var"]})


class LoadForgetsVariance(_Offers):
    """Does not load the running variance."""

    kind = _LoadForgetsVariance


class _LoadForgetsStatistics(_Layer):
    def load(self, state: dict[str, Any]) -> None:
        own = {name: self.kept[name] for name in NAMES[:2]}
        super().load({**state, **own})


class LoadForgetsStatistics(_Offers):
    """Loads parameters alone (target networks)."""

    kind = _LoadForgetsStatistics


class _LoadResetsBeta(_Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "beta": 0 * self.kept["beta"]})


class LoadResetsBeta(_Offers):
    """Sets beta to zero when it loads."""

    kind = _LoadResetsBeta


class _LoadSubtractsEps(_Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "running_var": state["running_var"] - self.eps})


class LoadSubtractsEps(_Offers):
    """Subtracts eps from the running variance when it loads (detectron2)."""

    kind = _LoadSubtractsEps


class _LoadKeeps(_Layer):
    def load(self, state: dict[str, Any]) -> None:
        self.kept = {name: np.asarray(state[name], np.float32) for name in NAMES}

    def train(self, x: Any) -> Any:
        y, mean, var, backward = self._step(x)
        self.kept["running_mean"][...] = mean
        self.kept["running_var"][...] = var
        return y, backward


class LoadAliases(_Offers):
    """Keeps the very arrays that it loads, and updates them in place."""

    kind = _LoadKeeps


class _LiveState(_Layer):
    def state(self) -> dict[str, Any]:
        return dict(self.kept)

    def train(self, x: Any) -> Any:
        y, mean, var, backward = self._step(x)
        self.kept["running_mean"][...] = mean
        self.kept["running_var"][...] = var
        return y, backward


class StateIsLive(_Offers):
    """Returns the state itself and no copy."""

    kind = _LiveState


class _HalfState(_Layer):
    def state(self) -> dict[str, Any]:
        whole = super().state()
        return {name: v.astype(np.float16).astype(np.float32) for name, v in whole.items()}


class StateInHalf(_Offers):
    """Saves its state in float16."""

    kind = _HalfState


class _MomentumIgnored(_Layer):
    def _weight(self) -> Any:
        return 0.1


class MomentumIgnored(_Offers):
    """Ignores the momentum that it is made with."""

    kind = _MomentumIgnored


class _EpsIgnored(_Layer):
    def __init__(self, channels: int, momentum: Any, eps: float) -> None:
        del eps
        super().__init__(channels, momentum, 1e-5)


class EpsIgnored(_Offers):
    """Ignores the eps that it is made with."""

    kind = _EpsIgnored


class _EpsForgottenInInference(_Layer):
    def infer(self, x: Any) -> Any:
        kept, self.eps = self.eps, 1e-5
        y, backward = super().infer(x)
        self.eps = kept
        return y, backward


class DefaultEpsInInference(_Offers):
    """Uses the default eps in inference."""

    kind = _EpsForgottenInInference


class _InferUpdates(_Layer):
    def infer(self, x: Any) -> Any:
        results = super().infer(x)
        if x.size // x.shape[1] > 1:
            _, mean, var, _ = self._step(x)
            self.kept |= {"running_mean": mean, "running_var": var}
        return results


class InferenceUpdates(_Offers):
    """Updates its statistics in inference."""

    kind = _InferUpdates


class _StaysInInference(_Layer):
    _frozen = False

    def infer(self, x: Any) -> Any:
        self._frozen = True
        return super().infer(x)

    def train(self, x: Any) -> Any:
        return super().infer(x) if self._frozen else super().train(x)


class StaysInInference(_Offers):
    """Never trains again after inference."""

    kind = _StaysInInference


class _FreezesLate(_Layer):
    def train(self, x: Any) -> Any:
        kept = dict(self.kept)
        results = super().train(x)
        if self.seen > 100:
            self.kept = kept
        return results


class FreezesAfterHundred(_Offers):
    """Stops updating its statistics after a hundred steps."""

    kind = _FreezesLate


class _StaleFold(_Layer):
    _folded: Any = None

    def train(self, x: Any) -> Any:
        self._folded = None
        return super().train(x)

    def infer(self, x: Any) -> Any:
        _, backward = super().infer(x)
        if self._folded is None:
            gamma, beta, mean, var = self._arrays()
            scale = gamma / np.sqrt(var + self.eps)
            self._folded = scale, beta - mean * scale
        scale, shift = (a.reshape(-1, *[1] * (x.ndim - 2)) for a in self._folded)
        return x * scale + shift, backward


class StaleFoldAfterLoad(_Offers):
    """Keeps the folded inference of before a load."""

    kind = _StaleFold


class _BackwardUpdates(_Layer):
    def train(self, x: Any) -> Any:
        old = dict(self.kept)
        y, whole = super().train(x)
        new, self.kept = dict(self.kept), old

        def backward(dy: Any) -> Any:
            self.kept = new
            return whole(dy)

        return y, backward


class UpdatesInBackward(_Offers):
    """Updates its statistics when the backward pass runs, and not before (fairscale)."""

    kind = _BackwardUpdates


class _BackwardUpdatesAgain(_Layer):
    def train(self, x: Any) -> Any:
        y, whole = super().train(x)

        def backward(dy: Any) -> Any:
            _, mean, var, _ = self._step(x)
            self.kept |= {"running_mean": mean, "running_var": var}
            return whole(dy)

        return y, backward


class RecomputesInBackward(_Offers):
    """Runs forward again in the backward pass and updates its statistics twice (checkpointing)."""

    kind = _BackwardUpdatesAgain


class _FirstCopies(_Layer):
    def _weight(self) -> Any:
        return self.momentum if self.seen else 1.0


class FirstBatchCopied(_Offers):
    """Copies the statistics of the first batch instead of averaging (Equinox)."""

    kind = _FirstCopies


class _Decays(_Layer):
    def _weight(self) -> Any:
        return self.momentum / (1 + self.seen // 8)


class MomentumDecays(_Offers):
    """Lowers its momentum after every eight steps."""

    kind = _Decays


class _Counting(_Layer):
    cumulative = True


class _OffByOne(_Counting):
    def _weight(self) -> Any:
        return 1 / max(self.seen, 1) if self.momentum is None else self.momentum


class CumulativeOffByOne(_Offers):
    """Gives the second batch the whole weight in a cumulative average."""

    cumulative = True
    kind = _OffByOne


class _SevenBits(_Counting):
    def train(self, x: Any) -> Any:
        results = super().train(x)
        self.seen %= 128
        return results


class CountsInSevenBits(_Offers):
    """Counts batches in seven bits."""

    cumulative = True
    kind = _SevenBits


class _LoadResetsCount(_Counting):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.seen = 0


class LoadResetsCount(_Offers):
    """Starts counting batches again when it loads (PyTorch)."""

    cumulative = True
    kind = _LoadResetsCount


class _ReturnsLatest(_Layer):
    def train(self, x: Any) -> Any:
        y, self._latest = super().train(x)
        return y, self._again

    def _again(self, dy: Any) -> Any:
        return self._latest(dy)


class BackwardOfLatest(_Offers):
    """Differentiates its latest training only."""

    kind = _ReturnsLatest
