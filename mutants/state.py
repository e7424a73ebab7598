"""What an object remembers from one call to the next and should not."""

from typing import Any, ClassVar

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts
from bnproof.reference.checks import Array

INTERLEAVED = ("backward/interleaved", "backward/repeatable", "backward/agreement")
CACHE = "Keep what backward needs with the call, not with the object"


class _Remembering(Parts):
    """Parts with a memory, one per object."""

    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.memory: dict[Any, Any] = {}


@mutant(
    "state/inference-scale-cached",
    "1 / sqrt(running_var + eps) is formed once and kept for later calls.",
    "Form it again when running_var or eps may have changed.",
    caught_by=("inference/agreement",),
    issues=("pytorch/pytorch#77434",),
)
class _InferenceScaleCached(_Remembering):
    def inv_std(self, call: Call) -> Array:
        if call.training:
            return super().inv_std(call)
        key = len(call.rows), call.rows.dtype
        return np.asarray(self.memory.setdefault(key, super().inv_std(call)))


@mutant(
    "state/gamma-cached",
    "The gamma of the first call is used for good.",
    "Use the gamma that is given.",
    caught_by=("forward/agreement", "inference/agreement"),
)
class _GammaCached(_Remembering):
    def begin(self, call: Call) -> None:
        super().begin(call)
        key = len(call.rows), call.rows.dtype
        call.gamma = self.memory.setdefault(key, call.gamma)


@mutant(
    "state/eps-cached",
    "The eps of the first call is used for good.",
    "Use the eps that is given.",
    caught_by=("forward/agreement", "forward/scale-law"),
)
class _EpsCached(_Remembering):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.eps = self.memory.setdefault("eps", call.eps)


@mutant(
    "state/momentum-cached",
    "The momentum of the first call is used for good.",
    "Use the momentum that is given.",
    caught_by=("running/one-step", "running/momentum-extremes"),
    issues=("mlcommons/algorithmic-efficiency#798",),
)
class _MomentumCached(_Remembering):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.training:
            call.momentum = self.memory.setdefault("momentum", call.momentum)


@mutant(
    "state/count-cached",
    "Bessel's factor is that of the first batch for good.",
    "Form it from the number of values of each batch.",
    caught_by=("running/one-step", "running/bias-convention"),
)
class _CountCached(_Remembering):
    def correction(self, call: Call) -> float:
        m = self.memory.setdefault("count", call.m)
        return float(m / (m - 1)) if self.running_variance == "unbiased" else 1.0


@mutant(
    "state/axes-cached",
    "The axes of the reduction are kept from the first call, whatever the rank of the next.",
    "Form them from the rank of x.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
)
class _AxesCached(_Remembering):
    def pool(self, call: Call, rows: Array) -> Array:
        if call.x.ndim <= self.memory.setdefault("rank", call.x.ndim):
            return super().pool(call, rows)
        values = rows.reshape(len(rows), call.examples, -1)
        mean = values.mean(axis=1, keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "state/backward-of-last-call",
    "backward uses what the last forward call left, not its own.",
    f"{CACHE}.",
    caught_by=INTERLEAVED,
    issues=("pytorch/pytorch#586", "torch/nn#768"),
)
class _BackwardOfLastCall(_Remembering):
    def y(self, call: Call) -> Array:
        self.memory["last"] = call
        return super().y(call)

    def gradients(self, call: Call, dy: Array) -> Gradients:
        last = self.memory["last"]
        return super().gradients(last if last.x.shape == dy.shape else call, dy)


@mutant(
    "state/backward-of-last-instance",
    "xhat is kept with the class, so that instances overwrite each other's.",
    f"{CACHE}.",
    caught_by=INTERLEAVED,
    issues=("dreamquark-ai/tabnet#76",),
)
class _BackwardOfLastInstance(Parts):
    last: ClassVar[dict[tuple[int, ...], Array]] = {}

    def xhat(self, call: Call) -> Array:
        made = super().xhat(call)
        if call.training:
            self.last[call.x.shape] = made
        return made

    def dgamma(self, call: Call, dy: Array) -> Array:
        call.xhat = self.last[call.x.shape] if call.training else call.xhat
        return super().dgamma(call, dy)


@mutant(
    "state/gradients-accumulated",
    "A second backward adds to the dbeta of the first.",
    "Start from 0 at each call.",
    caught_by=("backward/repeatable",),
    issues=("apache/mxnet#16297", "apache/mxnet#18492"),
)
class _GradientsAccumulated(_Remembering):
    def dbeta(self, call: Call, dy: Array) -> Array:
        total = super().dbeta(call, dy) + self.memory.get(id(call), 0)
        self.memory = {id(call): total}
        return np.asarray(total)


@mutant(
    "state/backward-once",
    "backward overwrites what it needs, so that a second one is wrong.",
    "Leave it for as long as backward may be called.",
    caught_by=("backward/repeatable",),
)
class _BackwardOnce(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        found = super().gradients(call, dy)
        call.xhat = np.zeros_like(call.xhat)
        return found


@mutant(
    "state/backward-once-raises",
    "backward can be called only once.",
    "Keep what it needs for as long as it may be called.",
    caught_by=("backward/repeatable", "backward/agreement"),
)
class _BackwardOnceRaises(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        if call.momentum == -1:
            message = "backward was called a second time"
            raise RuntimeError(message)
        call.momentum = -1
        return super().gradients(call, dy)


@mutant(
    "state/gamma-of-last-call",
    "backward uses the gamma of the last call.",
    f"{CACHE}.",
    caught_by=INTERLEAVED,
)
class _GammaAtBackward(_Remembering):
    def y(self, call: Call) -> Array:
        self.memory[len(call.gamma)] = call.gamma
        return super().y(call)

    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(self.memory[len(call.gamma)] * dy)


@mutant(
    "state/last-batch-in-inference",
    "Inference uses the variance of the last training batch.",
    "Use the running variance that is given.",
    caught_by=("inference/agreement",),
    issues=("torch/nn#768",),
)
class _LastBatchInInference(_Remembering):
    def var(self, call: Call) -> Array:
        self.memory[len(call.rows)] = super().var(call)
        return np.asarray(self.memory[len(call.rows)])

    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, self.memory.get(len(call.rows), var).astype(var.dtype)


@mutant(
    "state/third-call-replaces",
    "The statistics are replaced in one early call, when a warm-up ends.",
    "Weigh every call alike.",
    caught_by=("running/one-step", "running/many-steps"),
)
class _WarmUp(_Remembering):
    def weights(self, call: Call) -> tuple[float, float]:
        calls = self.memory["calls"] = self.memory.get("calls", 0) + 1
        keep, weight = super().weights(call)
        return (0.0, 1.0) if calls == 3 else (keep, weight)


@mutant(
    "state/every-other-call",
    "Only every other training call updates the statistics.",
    "Every training call does.",
    caught_by=("running/one-step", "running/many-steps"),
)
class _UpdatedEveryOther(_Remembering):
    def begin(self, call: Call) -> None:
        super().begin(call)
        self.memory["calls"] = self.memory.get("calls", 0) + call.training

    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old, new) if self.memory["calls"] % 2 else old.copy()


@mutant(
    "state/mode-of-last-call",
    "backward of training uses the formula of inference if inference was called since.",
    "Decide the mode when forward is called.",
    caught_by=INTERLEAVED,
    issues=("FluxML/NNlib.jl#548", "apache/mxnet#9580"),
)
class _ModeSticks(_Remembering):
    def begin(self, call: Call) -> None:
        super().begin(call)
        self.memory["infers"] = not call.training and call.examples == 1

    def dx(self, call: Call, dy: Array) -> Array:
        return self.infer_dx(call, dy) if self.memory["infers"] else super().dx(call, dy)


@mutant(
    "state/mean-by-address",
    "The mean is remembered by the address of x, whose contents may be new.",
    "Form it from the values at each call.",
    caught_by=("forward/agreement",),
)
class _MeanByAddress(_Remembering):
    def mean(self, call: Call) -> Array:
        key = call.x.__array_interface__["data"][0], call.x.shape, call.x.strides
        return np.asarray(self.memory.setdefault(key, super().mean(call)))


@mutant(
    "state/output-buffer-reused",
    "y and dx are returned in a buffer that the next call overwrites.",
    "Return memory of its own.",
    caught_by=("forward/results-kept", "backward/agreement"),
)
class _OutputBufferReused(_Remembering):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        buffer = self.memory.setdefault((made.shape, made.dtype), made)
        buffer[...] = made
        return np.asarray(buffer)


@mutant(
    "state/gradient-buffer-reused",
    "dgamma and dbeta are returned in buffers that the next call overwrites.",
    "Return memory of its own.",
    caught_by=("forward/results-kept",),
)
class _GradientBufferReused(_Remembering):
    def write_parameter(self, call: Call, values: Array) -> Array:
        made = super().write_parameter(call, values)
        turn = self.memory["turn"] = not self.memory.get("turn", False)
        buffer = self.memory.setdefault((turn, made.shape, made.dtype), made)
        buffer[...] = made
        return np.asarray(buffer)


@mutant(
    "state/statistics-buffer-reused",
    "The running mean is returned in a buffer that the next call overwrites.",
    "Return memory of its own, or declare in_place and use the buffer that is given.",
    caught_by=("forward/results-kept", "running/untouched-by-backward"),
)
class _StatisticsBufferReused(_Remembering):
    def running_mean(self, call: Call) -> Array:
        made = super().running_mean(call)
        buffer = self.memory.setdefault((made.shape, made.dtype), made)
        buffer[...] = made
        return np.asarray(buffer)


@mutant(
    "state/noise",
    "The same call gives other last bits each time.",
    "Sum in a fixed order, or declare deterministic = False.",
    caught_by=("forward/deterministic",),
)
class _Noise(_Remembering):
    def y(self, call: Call) -> Array:
        rng = self.memory.setdefault("rng", np.random.default_rng(0))
        return np.asarray(super().y(call) * (1 + 2.0**-22 * rng.integers(-1, 2)))
