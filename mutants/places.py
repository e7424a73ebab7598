"""Where arrays begin in memory, what they share it with, and who may write to it."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.reference.checks import Array

FORWARD = ("forward/agreement", "forward/strides")
BACKWARD = ("backward/agreement", "forward/strides")
STRIDES = "Use the strides of each array, or make it contiguous first"


def from_its_base(a: Array) -> Array:
    """As many elements as a has, from the beginning of the memory that it is a part of."""
    base = a.base
    if base is None or base.dtype != a.dtype or base.size < a.size:
        return a
    if not (a.flags.c_contiguous and base.flags.c_contiguous):
        return a
    return np.asarray(base.reshape(-1)[: a.size].reshape(a.shape))


def repeated_as_contiguous(a: Array) -> Array:
    """The elements of an expanded array as if it were contiguous; its memory goes on behind."""
    if a.size < 2 or 0 not in a.strides or a.base is None:
        return a
    return as_strided(a, (a.size,), (a.itemsize,)).reshape(a.shape)


def address(a: Array) -> int:
    """Where an array begins."""
    return int(a.__array_interface__["data"][0])


@mutant(
    "places/offset-ignored",
    "x is read from the beginning of the memory that it is a slice of.",
    "Add the offset of the slice.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _OffsetIgnored(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, from_its_base(x))


@mutant(
    "places/offset-of-dy-ignored",
    "dy is read from the beginning of the memory that it is a slice of.",
    "Add the offset of the slice.",
    caught_by=BACKWARD,
    shown_by=("places",),
)
class _OffsetOfDyIgnored(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, from_its_base(dy))


@mutant(
    "places/offset-of-gamma-ignored",
    "gamma is read from the beginning of the memory that it is a slice of.",
    "Add the offset of the slice.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _OffsetOfGammaIgnored(Parts):
    def begin(self, call: Call) -> None:
        gamma, beta = call.given
        call.given = None if gamma is None else from_its_base(gamma), beta
        super().begin(call)


@mutant(
    "places/channels-last-offset-ignored",
    "A channels-last slice is read from the beginning of its memory.",
    "Add the offset of the slice.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _ChannelsLastOffset(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if x.ndim < 3:
            return super().read(call, x)
        last = np.moveaxis(x, 1, -1)
        base = x.base
        if base is None or base.shape[1:] != last.shape[1:] or not last.flags.c_contiguous:
            return super().read(call, x)
        return super().read(call, np.moveaxis(base[: len(x)], -1, 1))


@mutant(
    "places/address-rounded-down",
    "x is read from the multiple of 64 bytes below its address.",
    "Read the elements before the first full vector one by one.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _AddressRoundedDown(Parts):
    def read(self, call: Call, x: Array) -> Array:
        over = address(x) % 64
        if over != x.itemsize or x.base is None or not x.flags.c_contiguous:
            return super().read(call, x)
        below = x.base.reshape(-1)
        first = (address(x) - address(below)) // x.itemsize - over // x.itemsize
        return super().read(call, below[first : first + x.size].reshape(x.shape))


@mutant(
    "places/head-of-dy-dropped",
    "Elements of dy before the first full vector are left out of dbeta.",
    "Add the elements before the first full vector and after the last one.",
    caught_by=("backward/agreement",),
    shown_by=("places",),
)
class _HeadOfDyDropped(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        call.batches_seen = -1 if address(dy) % 64 not in (0, 16, 32, 48) else 0
        return super().read_dy(call, dy)

    def dbeta(self, call: Call, dy: Array) -> Array:
        skipped = 1 if call.batches_seen == -1 and dy.size else 0
        return np.asarray(dy[:, skipped:].sum(axis=1, keepdims=True))


@mutant(
    "places/expanded-x-as-contiguous",
    "An x with a stride of zero is read as if its elements lay side by side.",
    f"{STRIDES}.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _ExpandedX(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, repeated_as_contiguous(x))


@mutant(
    "places/expanded-gamma-as-contiguous",
    "A gamma with a stride of zero is read as if its elements lay side by side.",
    f"{STRIDES}.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _ExpandedGamma(Parts):
    def begin(self, call: Call) -> None:
        gamma, beta = call.given
        call.given = None if gamma is None else repeated_as_contiguous(gamma), beta
        super().begin(call)


@mutant(
    "places/expanded-variance-as-contiguous",
    "A running variance with a stride of zero is read as if its elements lay side by side.",
    f"{STRIDES}.",
    caught_by=("inference/agreement", "forward/strides"),
    shown_by=("places",),
)
class _ExpandedVariance(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, call.stored(repeated_as_contiguous(call.running_var)) if var.size else var


@mutant(
    "places/expanded-batch-counted-once",
    "A sample that is expanded over the batch is counted once in the running variance.",
    "Count the elements of the shape, wherever they lie.",
    caught_by=("running/one-step", "running/buffers"),
    shown_by=("places",),
)
class _BatchCountedOnce(Parts):
    def correction(self, call: Call) -> float:
        m = call.m
        if call.x.strides[0] == 0 and call.examples > 1 and m // call.examples > 1:
            m //= call.examples
        return m / (m - 1) if self.running_variance == "unbiased" else 1.0


@mutant(
    "places/expanded-gamma-gets-one-gradient",
    "A gamma with a stride of zero gets the sum of all channels as its gradient.",
    "Return one gradient per channel: the caller expanded gamma.",
    caught_by=("backward/agreement",),
    shown_by=("places",),
)
class _OneGradient(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        made = super().dgamma(call, dy)
        gamma = call.given[0]
        if gamma is None or gamma.strides != (0,):
            return made
        return np.full_like(made, made.sum())


@mutant(
    "places/sides-swapped-read-as-plain",
    "A transposed plane is read in the order of its memory, since its size fits.",
    f"{STRIDES}.",
    caught_by=FORWARD,
    shown_by=("places",),
    conventions={"channel_axis": 1},
)
class _SidesSwapped(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if x.ndim < 4 or x.flags.c_contiguous:
            return super().read(call, x)
        turned = np.swapaxes(x, -1, -2)
        return super().read(call, turned.reshape(x.shape) if turned.flags.c_contiguous else x)


@mutant(
    "places/read-only-x-refused",
    "An x that cannot be written to is refused.",
    "Only read x.",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=("places",),
)
class _ReadOnlyX(Parts):
    def read(self, call: Call, x: Array) -> Array:
        if not x.flags.writeable:
            message = "buffer source array is read-only"
            raise ValueError(message)
        return super().read(call, x)


@mutant(
    "places/read-only-dy-refused",
    "A dy that cannot be written to is refused.",
    "Only read dy.",
    caught_by=("backward/agreement", "forward/agreement", "forward/strides"),
    shown_by=("places",),
)
class _ReadOnlyDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        if not dy.flags.writeable:
            message = "buffer source array is read-only"
            raise ValueError(message)
        return super().read_dy(call, dy)


@mutant(
    "places/x-borrowed",
    "x is centred in place, and put back before the call returns.",
    "Centre a copy: x may be read-only, expanded, or in use by another thread.",
    caught_by=("forward/agreement", "forward/strides"),
    shown_by=("places",),
)
class _XBorrowed(Parts):
    def mean(self, call: Call) -> Array:
        kept = call.x.copy()
        call.x -= kept[:1]
        shifted = self.pool(call, self.read(call, call.x))
        call.x[...] = kept
        return super().mean(call) if shifted.size else shifted


@mutant(
    "places/dy-borrowed",
    "dy is scaled by gamma in place, and divided by it again.",
    "Scale a copy: dy may be read-only or expanded.",
    caught_by=("backward/agreement", "forward/agreement", "backward/inputs-unchanged"),
    shown_by=("places",),
)
class _DyBorrowed(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        kept = dy.copy()
        dy *= dy.dtype.type(2)
        dy[...] = kept
        return super().gradients(call, dy)


@mutant(
    "places/read-only-statistics-refused",
    "Inference refuses running statistics that cannot be written to.",
    "Inference only reads them.",
    caught_by=("inference/agreement", "forward/agreement"),
    shown_by=("places",),
)
class _ReadOnlyStatistics(Parts):
    def infer(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> Results:
        if not (running_mean.flags.writeable and running_var.flags.writeable):
            message = "buffer source array is read-only"
            raise ValueError(message)
        return super().infer(x, gamma, beta, running_mean, running_var, eps=eps)


@mutant(
    "places/strided-copy-misread",
    "Strided x is declared to be copied, and is copied in the order of memory.",
    "Copy it in the order of its axes.",
    caught_by=FORWARD,
    shown_by=("places",),
)
class _CopiedInMemoryOrder(Parts):
    keeps_strides = False

    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x.ravel(order="K").reshape(x.shape))
