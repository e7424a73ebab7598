"""Right implementations with unusual habits: pools, locks, threads, contexts, owned memory."""

import threading
from typing import Any, ClassVar

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Gradients, InPlace, Parts, Results
from bnproof.reference.checks import Array


@control("locked-workspace", "dx is formed in a workspace of all instances, behind a lock.")
class _LockedWorkspace(Parts):
    spaces: ClassVar[dict[Any, Array]] = {}
    lock = threading.Lock()

    def dx(self, call: Call, dy: Array) -> Array:
        with self.lock:
            space = self.spaces.setdefault((dy.shape, dy.dtype.str), np.empty_like(dy))
            dxhat = self.dxhat(call, dy)
            np.copyto(space, dxhat)
            space -= self.mean_term(call, dxhat) + self.var_term(call, dxhat)
            space *= self.dx_scale(call)
            return space.copy()


@control("one-lock", "One lock for all instances lets one call in at a time.")
class _OneLock(Parts):
    lock = threading.RLock()

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        with self.lock:
            return super().train(x, *arguments, **settings)

    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        with self.lock:
            return super().infer(x, *arguments, **settings)

    def gradients(self, call: Call, dy: Array) -> Gradients:
        with self.lock:
            return super().gradients(call, dy)


@control("numbered-contexts", "What backward needs is kept in a table, under a number, for good.")
class _Numbered(Parts):
    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.contexts: dict[int, Call] = {}

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        number = len(self.contexts)
        self.contexts[number] = call
        return y, mean, var, lambda dy: self.gradients(self.contexts[number], dy)


@control("copies-all", "Arguments are copied before a call, and results after it.")
class _CopiesAll(Parts):
    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        return super().train(x.copy(), *_copied(arguments), **settings)

    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        return super().infer(x.copy(), *_copied(arguments), **settings)

    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy.copy())
        return dx.copy(), *_copied((dgamma, dbeta))


def _copied(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None if a is None else a.copy() for a in arrays)


@control("one-block", "Gradients are views of one fresh block of memory.")
class _OneBlock(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        if dgamma is None or dbeta is None or dgamma.dtype != dx.dtype:
            return dx, dgamma, dbeta
        block = np.concatenate([dx.ravel(), dgamma, dbeta])
        end = dx.size
        middle = end + dgamma.size
        return block[:end].reshape(dx.shape), block[end:middle], block[middle:]


@control("thread-pools", "Each thread has a pool of workspaces; results are copied out of it.")
class _ThreadPools(Parts):
    local = threading.local()

    def xhat(self, call: Call) -> Array:
        pools: dict[str, Array] = self.local.__dict__
        space = pools.setdefault(f"{call.rows.shape} {call.rows.dtype}", np.empty_like(call.rows))
        np.subtract(call.rows, call.mean, out=space)
        np.multiply(space, call.inv_std, out=space)
        return space.copy()


@control("xhat-formed-again", "xhat is not kept: backward forms it again from a copy of x.")
class _XhatAgain(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x).copy()

    def y(self, call: Call) -> Array:
        y = super().y(call)
        call.xhat = np.empty(0, call.rows.dtype)
        return y

    def gradients(self, call: Call, dy: Array) -> Gradients:
        call.xhat = self.xhat(call)
        return super().gradients(call, dy)


@control("memoised", "y of the last arguments is kept by their contents, and given as a copy.")
class _Memoised(Parts):
    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.last: tuple[Any, Any] = None, None

    def write(self, call: Call, rows: Array) -> Array:
        key = rows.tobytes(), rows.dtype.str, call.x.shape, call.x.dtype.str
        kept, made = self.last
        if kept != key:
            made = super().write(call, rows)
            self.last = key, made
        return np.array(made)


@control("busy-flag", "An object notes that it is in a call, and that it is over, come what may.")
class _BusyFlag(Parts):
    busy = False

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        nested, self.busy = self.busy, True
        try:
            made = super().train(x, *arguments, **settings)
        finally:
            self.busy = False
        if nested:
            message = "a call within a call"
            raise RuntimeError(message)
        return made


@control("own-buffers-in-place", "Statistics are updated in place; backward keeps copies of all.")
class _OwnBuffers(InPlace):
    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        return super().infer(x, *_copied(arguments), **settings)


@control("contiguous-only", "Arrays that are not contiguous are refused, as keeps_strides says.")
class _ContiguousOnly(Parts):
    keeps_strides = False

    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, _contiguous(x))

    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, _contiguous(dy))


@control("positive-only", "Negative strides are refused, as keeps_strides says.")
class _PositiveOnly(Parts):
    keeps_strides = "positive"

    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, _positive(x))

    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, _positive(dy))


def _contiguous(a: Array) -> Array:
    if not a.flags.c_contiguous:
        message = "array is not C-contiguous"
        raise ValueError(message)
    return a


def _positive(a: Array) -> Array:
    if any(stride < 0 for stride in a.strides):
        message = "at least one stride is negative"
        raise ValueError(message)
    return a


@control("aligned-copy", "Arrays that do not begin at a multiple of 64 bytes are copied to one.")
class _AlignedCopy(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, _aligned(x))

    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, _aligned(dy))


def _aligned(a: Array) -> Array:
    if a.__array_interface__["data"][0] % 64 == 0 or not a.size:
        return a
    room = np.zeros(a.nbytes + 64, np.uint8)
    begin = -room.__array_interface__["data"][0] % 64
    made = room[begin : begin + a.nbytes].view(a.dtype).reshape(a.shape)
    made[...] = a
    return made
