"""Arrays of the two frameworks that objects hold and are called with: NumPy's and torch's."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array, name_of
from bnproof.recognition.torch_memory import is_misread


class Arrays(ABC):
    """How arrays go into a target and come back."""

    name: str

    @abstractmethod
    def is_array(self, value: object) -> bool:
        """Whether a value is an array of this framework."""

    @abstractmethod
    def native(self, a: Array, *, copied: bool = False) -> Any:
        """The array in the target's framework, in the caller's memory unless it is copied."""

    @abstractmethod
    def plain(self, value: Any) -> Array:
        """A copy as a NumPy array."""

    @abstractmethod
    def write(self, held: Any, values: Array) -> Any:
        """Values in the shape of what is held: written into it where that works, else new."""

    @abstractmethod
    def cast(self, held: Any, dtype: str) -> Any:
        """What is held, in another dtype; the same object where it has that dtype."""

    @abstractmethod
    def is_floating(self, value: Any) -> bool:
        """Whether an array holds floating-point numbers."""

    def like(self, a: Array | Any, x: Any) -> Any:
        """An array as native as x, zeros for None."""
        return self.native(np.zeros(tuple(x.shape), self.plain(x).dtype)) if a is None else a

    def mask(self, m: Array, x: Any, *, inverted: bool, axis: bool, floating: bool) -> Any:
        """A mask in the form that a target takes."""
        made = ~m if inverted else m
        made = np.expand_dims(made, 1) if axis else made
        return self.native(np.array(made.astype(self.plain(x).dtype) if floating else made))


class NumPyArrays(Arrays):
    """NumPy's arrays."""

    name = "NumPy"

    def is_array(self, value: object) -> bool:
        """Whether a value is an array of this framework."""
        return isinstance(value, np.ndarray)

    def native(self, a: Array, *, copied: bool = False) -> Any:
        """The array in the target's framework."""
        return np.array(a) if copied else a

    def plain(self, value: Any) -> Array:
        """A copy as a NumPy array."""
        return np.array(np.asarray(value))

    def write(self, held: Any, values: Array) -> Any:
        """Values written into what is held, or new in its shape."""
        shaped = values.reshape(held.shape)
        if held.flags.writeable and held.dtype == values.dtype and held.strides:
            held[...] = shaped
            return held
        return np.array(shaped)

    def cast(self, held: Any, dtype: str) -> Any:
        """What is held, in another dtype."""
        kind = FORMATS[dtype].dtype
        return held if held.dtype == kind else held.astype(kind)

    def is_floating(self, value: Any) -> bool:
        """Whether an array holds floating-point numbers."""
        return bool(np.issubdtype(value.dtype, np.floating) or name_of(value.dtype) == "bfloat16")


class TorchArrays(Arrays):
    """torch's tensors."""

    name = "torch"

    def __init__(self) -> None:
        import torch  # noqa: PLC0415  # optional, and slow to import

        self.torch = torch

    def is_array(self, value: object) -> bool:
        """Whether a value is an array of this framework."""
        if not isinstance(value, self.torch.Tensor):
            return False
        return not self.torch.nn.parameter.is_lazy(value)  # no shape before the first call

    def native(self, a: Array, *, copied: bool = False) -> Any:
        """The array's own memory as a tensor; what torch cannot take, or misreads, is copied."""
        negative = any(stride < 0 for stride in a.strides)
        if copied or negative or not a.flags.writeable or is_misread(a):
            a = np.array(a, order="C")
        if name_of(a.dtype) == "bfloat16":
            return self.torch.from_numpy(a.view(np.uint16)).view(self.torch.bfloat16)
        return self.torch.from_numpy(a)

    def plain(self, value: Any) -> Array:
        """A copy in the memory layout that the tensor has."""
        tensor = value.detach()
        if tensor.dtype == self.torch.bfloat16:
            return np.array(tensor.view(self.torch.uint16).numpy()).view(FORMATS["bfloat16"].dtype)
        return np.array(tensor.numpy())

    def write(self, held: Any, values: Array) -> Any:
        """Values written into what is held, or new in its shape."""
        with self.torch.no_grad():
            held.copy_(self.native(np.array(values)).reshape(held.shape))
        return held

    def cast(self, held: Any, dtype: str) -> Any:
        """What is held, in another dtype."""
        kind = getattr(self.torch, dtype)
        if held.dtype == kind:
            return held
        if isinstance(held, self.torch.nn.Parameter):
            return self.torch.nn.Parameter(held.detach().to(kind), held.requires_grad)
        return held.detach().to(kind).requires_grad_(held.requires_grad)

    def is_floating(self, value: Any) -> bool:
        """Whether an array holds floating-point numbers."""
        return bool(value.is_floating_point())
