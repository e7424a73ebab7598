"""torch.nn.Module classes and instances: torch's own BatchNorm, and modules made like it.

A module has PyTorch's constructor, as far as its signature goes, and its attributes: weight, bias,
running_mean, running_var, num_batches_tracked.  It stands for up to three implementations: float32
and float64; 16-bit input with float32 parameters; the module wholly in 16 bits, which stores its
statistics in 16 bits.

torch 2.13 on the CPU sums in 16 bits in backward where a 16-bit x or dy is neither contiguous nor
channels-last, or the two are not laid out alike: a relative error of 2^-9 in dbeta, in bfloat16
with float32 parameters.  No accuracy class has sums in 16 bits.  So both 16-bit implementations
declare that everything is copied, and their stride cases are reported as unsupported.
"""

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NAMES = {"gamma": "weight", "beta": "bias"}
RANKS = {"BatchNorm1d": (2, 3), "BatchNorm2d": (4,), "BatchNorm3d": (5,)}
SIXTEEN = ("float16", "bfloat16")
LEAST_EPS = 1e-30  # torch refuses eps = 0 in training, and float32 kernels flush smaller ones to 0


def recognises(target: Any) -> bool:
    """A class or instance derived from torch.nn.Module; torch is not imported for this."""
    kind = target if isinstance(target, type) else type(target)
    return any(
        base.__module__ == "torch.nn.modules.module" and base.__name__ == "Module"
        for base in kind.__mro__
    )


def build(target: Any) -> list["TorchModule"]:
    """In 32 and 64 bits first, then in 16 bits, as far as the module can do that."""
    made = [TorchModule(target, form) for form in FORMS]
    return [implementation for implementation in made if implementation.dtypes]


@dataclass(frozen=True)
class Form:
    """One of the implementations that a module stands for."""

    suffix: str
    dtypes: tuple[str, ...]
    parameter_dtypes: dict[str, str]
    accuracy: str
    keeps_strides: bool | str


FORMS = (
    Form("", ("float32", "float64"), {}, "streaming", "positive"),
    Form(" (16-bit input)", SIXTEEN, dict.fromkeys(SIXTEEN, "float32"), "streaming", False),
    Form(
        " (wholly in 16 bits)",
        SIXTEEN,
        {dtype: dtype for dtype in SIXTEEN},
        "low-precision statistics",
        False,
    ),
)


class TorchModule:
    """A torch module as an implementation of the contract, functional and as a layer."""

    single_value = "error"

    def __init__(self, target: Any, form: Form) -> None:
        import torch  # noqa: PLC0415  # torch is optional, and slow to import

        self._torch = torch
        self._target = target
        self.parameter_dtypes, self.accuracy = form.parameter_dtypes, form.accuracy
        self.keeps_strides = form.keeps_strides
        self.name, self.version = _name(target) + form.suffix, str(torch.__version__)
        self.fixed = {} if isinstance(target, type) else _fixed(target)
        self.accepts = {"eps": (LEAST_EPS, 1e30), "momentum": (0.0, 1.0)}
        self._first = form.dtypes[0]
        self.ranks = _ranks(target, self)
        probe = self._module(self._channels(), 0.5, 0.125, form.dtypes[0])
        self.affine_parameters = "none" if _weight(probe) is None else "required"
        self.cumulative = not self.fixed and self._signature() >= {"momentum"}
        self.dtypes = tuple(d for d in form.dtypes if self._works(d))
        self.empty = self._empty()

    # --- the contract ---------------------------------------------------------------------

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
    ) -> tuple[Any, Any, Any, Callable[[Array], Any]]:
        """A module in training mode, with the parameters and statistics loaded into it."""
        module = self._module(len(running_mean), eps, momentum, x.dtype.name)
        state = {"gamma": gamma, "beta": beta, "running_mean": running_mean}
        self._load(module, {**state, "running_var": running_var, "batches_seen": batches_seen})
        y, backward = self._forward(module.train(), x)
        return y, *self._statistics(module), backward

    def infer(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> tuple[Any, Any, Any, Callable[[Array], Any]]:
        """A module in evaluation mode."""
        module = self._module(len(running_mean), eps, self.fixed.get("momentum", 0.5), x.dtype.name)
        state = {"gamma": gamma, "beta": beta, "running_mean": running_mean}
        self._load(module, {**state, "running_var": running_var})
        y, backward = self._forward(module.eval(), x)
        return y, *self._statistics(module), backward

    def layer(
        self, channels: int, *, momentum: float | None, eps: float, dtype: str = "float32"
    ) -> "TorchLayer":
        """The module itself, as a stateful layer."""
        return TorchLayer(self, self._module(channels, eps, momentum, dtype))

    # --- modules --------------------------------------------------------------------------

    def _signature(self) -> set[str]:
        return set(inspect.signature(self._target.__init__).parameters)

    def _module(self, channels: int, eps: float, momentum: float | None, dtype: str) -> Any:
        """A new module: constructed, or a deep copy of the instance; in the parameters' dtype."""
        if isinstance(self._target, type):
            given = {"eps": eps, "momentum": momentum}
            module = self._target(
                channels, **{k: v for k, v in given.items() if k in self._signature()}
            )
        else:
            module = copy.deepcopy(self._target)
        return module.to(getattr(self._torch, self.parameter_dtypes.get(dtype, dtype)))

    def _load(self, module: Any, state: dict[str, Any]) -> None:
        with self._torch.no_grad():
            for name, value in state.items():
                held = getattr(module, _ATTRIBUTES[name], None)
                if held is not None and value is not None:
                    held.copy_(
                        self._torch.as_tensor(value)
                        if name == "batches_seen"
                        else self._tensor(value)
                    )

    def _statistics(self, module: Any) -> tuple[Any, Any]:
        held = [getattr(module, name, None) for name in ("running_mean", "running_var")]
        return tuple(None if h is None else _array(h) for h in held)  # type: ignore[return-value]

    def _forward(self, module: Any, x: Array) -> tuple[Array, Callable[[Array], Any]]:
        """y as an array, and backward by autograd, which may be called again and again."""
        given = self._tensor(x).detach().requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = module(given)
        parameters = [p for p in (_weight(module), getattr(module, "bias", None)) if p is not None]

        def backward(dy: Array) -> tuple[Any, Any, Any]:
            upstream = self._tensor(dy)
            gradients = self._torch.autograd.grad(
                y, [given, *parameters], upstream, retain_graph=True, allow_unused=True
            )
            arrays = [None if g is None else _array(g) for g in gradients]
            return tuple(arrays + [None] * (3 - len(arrays)))  # type: ignore[return-value]

        return _array(y.detach()), backward

    def _tensor(self, a: Array) -> Any:
        """The array's own memory as a tensor; negative strides, which torch has not, are copied."""
        if not self.keeps_strides or any(stride < 0 for stride in a.strides):
            a = np.array(a, order="C")
        if a.dtype.name == "bfloat16":
            return self._torch.from_numpy(a.view(np.uint16)).view(self._torch.bfloat16)
        return self._torch.from_numpy(a)

    # --- what the module can do -----------------------------------------------------------

    def _channels(self) -> int:
        return int(self.fixed.get("channels", 3))

    def _probe(self, dtype: str, rank: int, count: int = 4) -> tuple[Any, Array]:
        from bnproof.properties.formats import FORMATS  # noqa: PLC0415  # the bfloat16 dtype

        shape = (count, self._channels(), *(2,) * (rank - 2))
        x = np.arange(np.prod(shape)).reshape(shape).astype(FORMATS[dtype].dtype)
        eps, momentum = self.fixed.get("eps", 0.5), self.fixed.get("momentum", 0.125)
        return self._module(self._channels(), eps, momentum, dtype), x

    def _works(self, dtype: str) -> bool:
        module, x = self._probe(dtype, self.ranks[0])
        try:
            y, backward = self._forward(module.train(), x)
            backward(y)
        except Exception:  # noqa: BLE001  # whatever torch says: the dtype is not supported
            return False
        return True

    def _empty(self) -> str:
        """What an empty batch does in training, which differs between versions."""
        module, x = self._probe(self._first, self.ranks[0], 0)
        try:
            self._forward(module.train(), x)
        except Exception:  # noqa: BLE001  # any error is the answer
            return "error"
        return "empty"


class TorchLayer:
    """A torch module as a stateful layer of the contract."""

    def __init__(self, functions: TorchModule, module: Any) -> None:
        self._functions, self._module = functions, module

    def train(self, x: Array) -> tuple[Array, Callable[[Array], Any]]:
        """One call in training mode."""
        return self._functions._forward(self._module.train(), x)  # noqa: SLF001  # one adapter

    def infer(self, x: Array) -> tuple[Array, Callable[[Array], Any]]:
        """One call in evaluation mode."""
        return self._functions._forward(self._module.eval(), x)  # noqa: SLF001  # one adapter

    def state(self) -> dict[str, Any]:
        """Copies of parameters and buffers, as far as the module has them."""
        held = {name: getattr(self._module, at, None) for name, at in _ATTRIBUTES.items()}
        copies = {k: _array(v) for k, v in held.items() if v is not None}
        if "batches_seen" in copies:
            copies["batches_seen"] = int(copies["batches_seen"])  # type: ignore[assignment]
        return copies

    def load(self, state: dict[str, Any]) -> None:
        """Copy a state into the module."""
        self._functions._load(self._module, state)  # noqa: SLF001  # one adapter


_ATTRIBUTES = {
    **NAMES,
    "running_mean": "running_mean",
    "running_var": "running_var",
    "batches_seen": "num_batches_tracked",
}


def _weight(module: Any) -> Any:
    return getattr(module, "weight", None)


def _array(tensor: Any) -> Array:
    """A copy of a tensor, in the memory layout that it has."""
    tensor = tensor.detach()
    if str(tensor.dtype) == "torch.bfloat16":
        import ml_dtypes  # noqa: PLC0415  # only for this dtype
        import torch  # noqa: PLC0415  # imported long since

        return np.array(tensor.view(torch.uint16).numpy()).view(ml_dtypes.bfloat16)
    return np.array(tensor.numpy())


def _name(target: Any) -> str:
    kind = target if isinstance(target, type) else type(target)
    return f"{kind.__module__}.{kind.__qualname__}".replace(
        "torch.nn.modules.batchnorm.", "torch.nn."
    )


def _fixed(instance: Any) -> dict[str, Any]:
    """What an instance cannot vary."""
    held = {
        "eps": getattr(instance, "eps", None),
        "momentum": getattr(instance, "momentum", None),
        "channels": getattr(instance, "num_features", None),
    }
    return {name: value for name, value in held.items() if value is not None}


def _ranks(target: Any, adapter: TorchModule) -> tuple[int, ...]:
    """By the base class where it is torch's, else what a tiny batch shows in evaluation mode."""
    kind = target if isinstance(target, type) else type(target)
    for base in kind.__mro__:
        if base.__name__ in RANKS and base.__module__.startswith("torch."):
            return RANKS[base.__name__]
    return tuple(_working_ranks(adapter)) or (2, 4)


def _working_ranks(adapter: TorchModule) -> Iterator[int]:
    for rank in (2, 3, 4, 5):
        module, x = adapter._probe(adapter._first, rank)  # noqa: SLF001  # one adapter
        try:
            y, _ = adapter._forward(module.eval(), x)  # noqa: SLF001  # one adapter
        except Exception:  # noqa: BLE001, S112  # this rank does not work
            continue
        if y.shape == x.shape:
            yield rank
