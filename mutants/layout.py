"""Arrays read or written with other strides and axes than they have."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array
from bnproof.reference.rows import from_rows

FORWARD = ("forward/agreement", "forward/strides")


def in_memory_order(a: Array) -> Array:
    """The elements as they lie in memory, in a's shape."""
    return a.ravel(order="K").reshape(a.shape)


def without_steps(a: Array) -> Array:
    """As many elements as a has from its first one on, gaps and all, where that is safe."""
    if a.size == 0 or min(a.strides) <= 0:
        return a
    last = sum((n - 1) * s for n, s in zip(a.shape, a.strides, strict=True))
    if last + a.itemsize < a.nbytes:
        return a
    return as_strided(a, (a.size,), (a.itemsize,)).reshape(a.shape)


def forwards(a: Array) -> Array:
    """Axes of negative stride the other way round."""
    return a[tuple(slice(None, None, -1 if s < 0 else 1) for s in a.strides)]


@mutant(
    "layout/x-in-memory-order",
    "x is read in the order of memory, whatever its strides.",
    "Use the strides of x, or make it contiguous first.",
    caught_by=FORWARD,
    issues=("pytorch/pytorch#62594", "pytorch/pytorch#134580"),
)
class _XInMemoryOrder(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, in_memory_order(x))


@mutant(
    "layout/x-without-steps",
    "The gaps between the elements of x are read as elements.",
    "Use the strides of x, or make it contiguous first.",
    caught_by=FORWARD,
)
class _XWithoutSteps(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, without_steps(x))


@mutant(
    "layout/x-forwards",
    "Negative strides of x are read forwards.",
    "Use the strides of x with their signs.",
    caught_by=FORWARD,
)
class _XForwards(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, forwards(x))


@mutant(
    "layout/dy-in-memory-order",
    "dy is read in the order of memory, whatever its strides.",
    "Use the strides of dy, or make it contiguous first.",
    caught_by=("backward/agreement", "forward/strides"),
    issues=("deeplearning4j/deeplearning4j#8860", "KonduitAI/deeplearning4j#169"),
)
class _DyInMemoryOrder(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, in_memory_order(dy))


@mutant(
    "layout/dy-without-steps",
    "The gaps between the elements of dy are read as elements.",
    "Use the strides of dy, or make it contiguous first.",
    caught_by=("backward/agreement", "forward/strides"),
    issues=("pytorch/pytorch#2000",),
)
class _DyWithoutSteps(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, without_steps(dy))


@mutant(
    "layout/dy-of-zero-stride",
    "A dy whose rows are one and the same is summed once instead of N times.",
    "Use the shape of dy, whatever its strides.",
    caught_by=("backward/agreement", "backward/dbeta-is-sum"),
    issues=("mapillary/inplace_abn#155",),
)
class _DyCountedOnce(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        right = super().dbeta(call, dy)
        return np.asarray(dy[:, :1]) if call.batches_seen < 0 else right

    def read_dy(self, call: Call, dy: Array) -> Array:
        call.batches_seen = -1 if dy.ndim and dy.strides[0] == 0 else 0
        return super().read_dy(call, dy)


@mutant(
    "layout/layout-of-dy-for-x",
    "backward takes the layout of x from dy.",
    "Look at the strides of each array.",
    caught_by=("backward/agreement", "forward/strides"),
    issues=("pytorch/pytorch#64039", "pytorch/pytorch#64100"),
)
class _LayoutOfDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        if not dy.flags.c_contiguous and call.x.flags.c_contiguous:
            turned = from_rows(call.xhat, dy.shape, self.channel_axis, call.xhat.dtype).ravel()
            call.xhat = self.read(call, turned.reshape(dy.shape, order="F"))
        return super().read_dy(call, dy)


@mutant(
    "layout/gamma-without-steps",
    "The gaps between the elements of gamma are read as elements.",
    "Use the stride of gamma.",
    caught_by=FORWARD,
)
class _GammaWithoutSteps(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is not None:
            call.gamma = call.stored(without_steps(call.given[0]))


@mutant(
    "layout/gamma-forwards",
    "A reversed gamma is read forwards.",
    "Use the stride of gamma with its sign.",
    caught_by=FORWARD,
)
class _GammaForwards(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is not None:
            call.gamma = call.stored(forwards(call.given[0]))


@mutant(
    "layout/statistics-without-steps",
    "The gaps between the elements of the running variance are read as elements.",
    "Use its stride.",
    caught_by=("inference/agreement", "running/one-step", "forward/strides"),
    issues=("pytorch/pytorch#33867",),
)
class _StatisticsWithoutSteps(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.running_var = without_steps(call.running_var)


@mutant(
    "layout/y-in-order-of-x",
    "Where x is in Fortran order, y is computed in C order and labelled as Fortran order.",
    "Give y the strides that it was computed with.",
    caught_by=FORWARD,
    issues=("pytorch/pytorch#192681",),
)
class _WrittenInOrderOfX(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        if call.x.flags.c_contiguous or not call.x.flags.f_contiguous:
            return y
        turned = self.write(call, y).ravel().reshape(call.x.shape, order="F")
        return self.read(call, turned).astype(y.dtype)


@mutant(
    "layout/planes-transposed",
    "Square planes come back transposed.",
    "Keep the order of the spatial axes.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
)
class _PlanesTransposed(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        if len(call.spatial) != 2 or call.spatial[0] != call.spatial[1]:
            return y
        planes = y.reshape(len(y), call.examples, *call.spatial)
        return planes.swapaxes(2, 3).reshape(y.shape)


@mutant(
    "layout/square-transposed",
    "y comes back transposed where N = C.",
    "Keep the order of the axes.",
    caught_by=("forward/agreement",),
)
class _SquareTransposed(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return y.T if call.x.ndim == 2 and call.m == len(y) else y


@mutant(
    "layout/axis-1-in-channels-last",
    "Axis 1 is taken for the channels of channels-last data, where sizes allow it.",
    "Reduce over all axes but the last.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
    issues=("intel/ipex-llm#2981", "chainer/chainer#8497"),
    conventions={"channel_axis": -1},
)
class _AxisOneAlways(Parts):
    def read(self, call: Call, x: Array) -> Array:
        square = x.shape[1] == x.shape[-1]
        return super().read(call, np.swapaxes(x, 1, -1) if square else x)

    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        square = made.shape[1] == made.shape[-1]
        return np.swapaxes(made, 1, -1) if square else made


@mutant(
    "layout/no-gradient-in-some-ranks",
    "The gradient of inference is right in rank 3 and 0 in all others.",
    "Do the same in every rank.",
    caught_by=("inference/gradients",),
    issues=("FluxML/Flux.jl#2179",),
)
class _OddRanksInfer(Parts):
    ranks = (2, 3, 4, 5)

    def infer_dx(self, call: Call, dy: Array) -> Array:
        right = super().infer_dx(call, dy)
        return right if call.x.ndim == 3 else np.zeros_like(right)


@mutant(
    "layout/rank-3-by-position",
    "In rank 3 every position has statistics of its own.",
    "Reduce over the batch and all spatial axes, in every rank.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
    issues=("apache/tvm#18609",),
)
class _RankThreeByPosition(Parts):
    ranks = (2, 3, 4)

    def pool(self, call: Call, rows: Array) -> Array:
        if call.x.ndim != 3:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), call.examples, -1)
        mean = values.mean(axis=1, keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)


@mutant(
    "layout/rank-5-by-depth",
    "In rank 5 every slice has statistics of its own.",
    "Reduce over the batch and all spatial axes, in every rank.",
    caught_by=("forward/agreement", "forward/layouts-agree"),
)
class _RankFiveByDepth(Parts):
    ranks = (4, 5)

    def pool(self, call: Call, rows: Array) -> Array:
        if call.x.ndim != 5:
            return super().pool(call, rows)
        values = rows.reshape(len(rows), call.examples, call.spatial[0], -1)
        mean = values.mean(axis=(1, 3), keepdims=True)
        return np.broadcast_to(mean, values.shape).reshape(rows.shape)
