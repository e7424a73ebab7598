"""Results in unusual memory, all of which a caller can read."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import InPlace, Parts, Results
from bnproof.reference.checks import Array


class _Kept(Parts):
    """Parts whose results are put into memory of some kind."""

    def keep(self, result: Array) -> Array:
        """The same values elsewhere."""
        raise NotImplementedError

    def write(self, call: Call, rows: Array) -> Array:
        return self.keep(super().write(call, rows))

    def write_parameter(self, call: Call, values: Array) -> Array:
        return self.keep(super().write_parameter(call, values))

    def average(self, call: Call, old: Array, new: Array) -> Array:
        return self.keep(super().average(call, old, new))


@control("read-only", "Results cannot be written to.")
class _ReadOnly(_Kept):
    def keep(self, result: Array) -> Array:
        result.flags.writeable = False
        return result


@control("stepped", "Results have gaps between their elements.")
class _Stepped(_Kept):
    def keep(self, result: Array) -> Array:
        room = np.full((*result.shape[:-1], 2 * result.shape[-1]), np.nan, result.dtype)
        room[..., ::2] = result
        return room[..., ::2]


@control("reversed", "Results have a negative stride.")
class _Reversed(_Kept):
    def keep(self, result: Array) -> Array:
        return np.ascontiguousarray(result[::-1])[::-1]


@control("fortran", "Results are in Fortran order.")
class _Fortran(_Kept):
    def keep(self, result: Array) -> Array:
        return np.asfortranarray(result)


@control("channels-moved", "Results are channels-last in memory only.")
class _ChannelsMoved(_Kept):
    def keep(self, result: Array) -> Array:
        if result.ndim < 3:
            return result
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(result, 1, -1)), -1, 1)


class Guarded(np.ndarray[Any, np.dtype[Any]]):
    """An array that refuses to be computed with until it is made a plain one."""

    def __array_ufunc__(self, *arguments: Any, **settings: Any) -> Any:
        return NotImplemented


@control("subclass", "Results are of a subclass of ndarray.")
class _Subclass(_Kept):
    def keep(self, result: Array) -> Array:
        return result.view(Guarded)


@control("unaligned", "Results lie at odd addresses.")
class _Unaligned(_Kept):
    def keep(self, result: Array) -> Array:
        room = np.zeros(result.nbytes + 1, np.uint8)[1:]
        made = room.view(result.dtype).reshape(result.shape)
        made[...] = result
        return made


@control("given-back", "Inference returns the statistics that it was given.")
class _XPassedThrough(Parts):
    """In inference the statistics come back as the arrays that were given."""

    def kept(self, call: Call) -> tuple[Array, Array]:
        return call.running_mean, call.running_var


@control("copies-first", "All arguments are copied first, as is declared.")
class _CopiesFirst(Parts):
    """All arguments are copied at once, so that strides do not matter."""

    keeps_strides = False

    def train(self, *arguments: Any, **settings: Any) -> Results:
        return super().train(*(np.array(a) for a in arguments), **settings)


@control("in-place", "The running statistics are updated in place.")
def _in_place() -> InPlace:
    return InPlace()
