"""torch.nn.Module classes and instances: torch's own BatchNorm, and modules made like it.

A module has PyTorch's constructor, as far as its signature goes, and its attributes: weight, bias,
running_mean, running_var, num_batches_tracked.  It stands for up to three implementations: float32
and float64; 16-bit input with float32 parameters; the module wholly in 16 bits, which stores its
statistics in 16 bits.

torch 2.13 on the CPU sums in 16 bits in backward where a 16-bit x or dy is neither contiguous nor
channels-last, or the two are not laid out alike: a relative error of 2^-9 in dbeta, in bfloat16
with float32 parameters.  No accuracy class has sums in 16 bits.  So both 16-bit implementations
declare that everything is copied, and their stride cases are reported as unsupported.

Its double backward is computed in the dtype of x throughout, sums and statistics included: in 16
bits dgamma is off by hundreds of times the bound on ordinary data, which no class has either.  So
double backward is offered in 32 and 64 bits, and reported as not offered in 16.
"""

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnproof.implementations.standalone import TORCH

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
    try:
        made = [TorchModule(target, form) for form in _forms(target)]
    except Exception as error:  # noqa: BLE001  # a constructor may raise anything
        reason = " ".join(str(error).split())[:200]
        raise TypeError(
            f"{_name(target)} cannot be used as a batch normalization: {reason}; its constructor "
            "has to be (num_features, eps=, momentum=, ...), as PyTorch's is"
        ) from None
    usable = [implementation for implementation in made if implementation.dtypes]
    if not usable:
        raise TypeError(f"{_name(target)} cannot be trained on a small batch in any dtype")
    return usable


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

    def __init__(self, target: Any, form: Form) -> None:
        import torch  # noqa: PLC0415  # torch is optional, and slow to import

        self._torch = torch
        self._target = target
        self.parameter_dtypes, self.accuracy = form.parameter_dtypes, form.accuracy
        self.keeps_strides = form.keeps_strides
        self.name, self.version = _name(target) + form.suffix, str(torch.__version__)
        self._first = form.dtypes[0]
        self.fixed = self._fixed()
        self.accepts = {"eps": (LEAST_EPS, 1e30), "momentum": (0.0, 1.0)}
        self.ranks = _ranks(target, self)
        probe = self._module(self._channels(), 0.5, 0.125, form.dtypes[0])
        self.affine_parameters = "none" if _weight(probe) is None else "required"
        if _weight(probe) is not None and getattr(probe, "bias", None) is None:
            raise ValueError("it has a weight and no bias, which the contract cannot express")
        if getattr(probe, "running_mean", None) is not None:
            self.infer = self._infer  # others normalise by the batch in evaluation as well
        self.cumulative = "momentum" not in self.fixed
        self.differentiates_twice = False
        self.dtypes = tuple(d for d in form.dtypes if self._works(d))
        self.differentiates_twice = form.dtypes[0] not in SIXTEEN and self._doubles()
        self.empty, self.single_value = self._policies()

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

    def _infer(
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

    def standalone(self, dtype: str) -> str:
        """The same as source text, for scripts."""
        is_class = isinstance(self._target, type)
        taken = [name for name in ("eps", "momentum") if is_class and self._takes(name)]
        settings = "".join(f", {name}={name}" for name in taken)
        parameters = self.parameter_dtypes.get(dtype, dtype)
        return TORCH.format(
            copied=not self.keeps_strides,
            settings=settings,
            parameters=f"torch.{parameters}",
            data=f"torch.{dtype}",
        )

    def default_layer(self, channels: int, dtype: str) -> "TorchLayer":
        """The module as its constructor makes it without settings, or a copy of the instance."""
        made = isinstance(self._target, type)
        module = self._target(channels) if made else copy.deepcopy(self._target)
        module.requires_grad_()
        kind = getattr(self._torch, self.parameter_dtypes.get(dtype, dtype))
        return TorchLayer(self, module.to(kind))

    # --- modules --------------------------------------------------------------------------

    def _takes(self, setting: str) -> bool:
        """Whether the constructor has a setting, or takes whatever it is given."""
        parameters = inspect.signature(self._target.__init__).parameters
        return setting in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    def _fixed(self) -> dict[str, Any]:
        """What cannot be varied: an instance's settings, or those that a constructor has not."""
        if not isinstance(self._target, type):
            held = {"channels": "num_features", "eps": "eps", "momentum": "momentum"}
            found = {name: getattr(self._target, at, None) for name, at in held.items()}
            return {name: value for name, value in found.items() if value is not None}
        lacking = [name for name in ("eps", "momentum") if not self._takes(name)]
        made = self._target(3) if lacking else None
        return {name: float(getattr(made, name)) for name in lacking if hasattr(made, name)}

    def _module(self, channels: int, eps: float, momentum: float | None, dtype: str) -> Any:
        """A new module: constructed, or a deep copy of the instance; in the parameters' dtype."""
        if isinstance(self._target, type):
            given = {"eps": eps, "momentum": momentum}
            module = self._target(channels, **{k: v for k, v in given.items() if self._takes(k)})
        else:
            module = copy.deepcopy(self._target).requires_grad_()
            if "momentum" not in self.fixed and hasattr(module, "momentum"):
                module.momentum = momentum  # of an instance with the cumulative average
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
        mean, var = (getattr(module, name, None) for name in ("running_mean", "running_var"))
        return None if mean is None else _array(mean), None if var is None else _array(var)

    def _forward(self, module: Any, x: Array) -> tuple[Array, Callable[[Array], Any]]:
        """y as an array, and backward by autograd, which may be called again and again."""
        given = self._tensor(x).detach().requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = module(given)
        parameters = [p for p in (_weight(module), getattr(module, "bias", None)) if p is not None]

        def backward(dy: Array) -> tuple[Any, Any, Any]:
            upstream = self._tensor(dy)
            inputs = [given, *parameters]
            gradients = self._torch.autograd.grad(
                y, inputs, upstream, retain_graph=True, allow_unused=True
            )
            zero = self._torch.zeros_like  # what autograd says of an input that is not used
            pairs = zip(gradients, inputs, strict=True)
            arrays: list[Any] = [_array(zero(i) if g is None else g) for g, i in pairs]
            return tuple(arrays + [None] * (3 - len(arrays)))

        def double(dy: Array, ddx: Array, *parameters_of: Array | None) -> tuple[Any, Any, Any]:
            upstream = self._tensor(dy).detach().requires_grad_()
            first = self._torch.autograd.grad(
                y, [given, *parameters], upstream, create_graph=True, allow_unused=True
            )
            along = [self._tensor(a) for a in (ddx, *parameters_of) if a is not None]
            used = [(g, v) for g, v in zip(first, along, strict=True) if g is not None]
            results, weights = zip(*used, strict=True)
            inputs = [upstream, given, *parameters[:1]]
            second = self._torch.autograd.grad(
                results, inputs, weights, retain_graph=True, allow_unused=True
            )
            if second[0] is None:  # torch says no more where a backward is marked as once only
                message = "the gradients do not depend on dy, so they cannot be differentiated"
                raise RuntimeError(message)
            zero = self._torch.zeros_like
            pairs = zip(second, inputs, strict=True)
            arrays: list[Any] = [_array(zero(i) if g is None else g) for g, i in pairs]
            return tuple(arrays + [None] * (3 - len(arrays)))

        if self.differentiates_twice:
            backward.double = double  # type: ignore[attr-defined]  # as the contract has it
        return _array(y.detach()), backward

    def _tensor(self, a: Array) -> Any:
        """The array's own memory as a tensor; negative strides, which torch has not, are copied."""
        copied = not self.keeps_strides or not a.flags.writeable
        if copied or any(stride < 0 for stride in a.strides):
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

    def _doubles(self) -> bool:
        """Whether backward can be differentiated; a custom one may be marked as once only."""
        if _is_torchs(self._target) or not self.dtypes:
            return True
        module, x = self._probe(self.dtypes[0], self.ranks[0])
        self.differentiates_twice = True
        double = getattr(self._forward(module.train(), x)[1], "double")  # noqa: B009  # an attribute
        parameters = [x[0, :, ...].reshape(self._channels(), -1)[:, 0]] * 2
        try:
            double(x, x, *(parameters if _weight(module) is not None else (None, None)))
        except RuntimeError:  # what autograd raises where it has no formula
            return False
        return True

    def _policies(self) -> tuple[str, str]:
        """What an empty batch and one value per channel do in training.

        torch's own classes promise what they do; of others only a refusal is a policy.
        """
        own = _is_torchs(self._target)
        empty = "error" if self._refuses(0) else "empty" if own else "undefined"
        single = "error" if self._refuses(1) else "undefined"
        return empty, single

    def _refuses(self, count: int) -> bool:
        rank = self.ranks[0]
        module, x = self._probe(self._first, rank, count)
        try:
            self._forward(module.train(), x[(slice(None), slice(None), *(slice(1),) * (rank - 2))])
        except Exception:  # noqa: BLE001  # any error is a refusal
            return True
        return False


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
        copies: dict[str, Any] = {k: _array(v) for k, v in held.items() if v is not None}
        if "batches_seen" in copies:
            copies["batches_seen"] = int(copies["batches_seen"])
        return copies

    def settings(self) -> dict[str, float | None]:
        """eps and momentum, as far as the module tells them."""
        names = [name for name in ("momentum", "eps") if hasattr(self._module, name)]
        return {name: getattr(self._module, name) for name in names}

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


def _is_torchs(target: Any) -> bool:
    kind = target if isinstance(target, type) else type(target)
    return str(kind.__module__).startswith("torch.")


def _forms(target: Any) -> list[Form]:
    """The forms of a class, or those that go with an instance's own dtype."""
    weight = None if isinstance(target, type) else _weight(target)
    own = "float32" if weight is None else str(weight.dtype).removeprefix("torch.")
    if own == "float32":
        return list(FORMS)
    form = FORMS[2] if own in SIXTEEN else FORMS[0]
    return [replace(form, dtypes=(own,))]


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
