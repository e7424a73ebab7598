"""What goes wrong where there are many values: tails, counts, blocks, and sums in short formats."""

import ml_dtypes
import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "running/one-step")
BACKWARD = ("backward/agreement",)
SHOWN = ("integers 4099",)
BLOCK = 256
TAIL = "Take in what does not fill a block."


def total(rows: Array) -> Array:
    """The sum over a row, a column."""
    return np.asarray(rows.sum(axis=1, keepdims=True))


@mutant(
    "many-values/dgamma-zero",
    "dgamma is 0 beyond 8192 values.",
    "Use the same formula for all sizes.",
    caught_by=BACKWARD,
    shown_by=("integers 330",),
)
class _DgammaZero(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        return np.zeros_like(right) if call.m > 8192 else right


@mutant(
    "many-values/variance-term-missing",
    "dx lacks the variance's part beyond 30000 values.",
    "Use the same formula for all sizes.",
    caught_by=BACKWARD,
    shown_by=("patterns 330",),
)
class _NoVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        right = super().var_term(call, dxhat)
        return np.zeros_like(right) if call.m > 30000 else right


@mutant(
    "many-values/tail-of-statistics",
    "Beyond 4000 values statistics leave out what does not fill a block of 256.",
    TAIL,
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _StatisticsTail(Parts):
    def tail(self, call: Call, rows: Array) -> Array:
        """The values that are added."""
        return rows[:, : call.m - call.m % BLOCK] if call.m > 4000 else rows

    def mean(self, call: Call) -> Array:
        return np.asarray(total(self.tail(call, call.rows)) / call.m)

    def var(self, call: Call) -> Array:
        centred = self.tail(call, call.rows) - call.mean
        return np.asarray(total(centred * centred) / call.m)


@mutant(
    "many-values/tail-of-gradients",
    "Beyond 30000 values dgamma and dbeta leave out what does not fill a block of 256.",
    TAIL,
    caught_by=BACKWARD,
    shown_by=("integers 330",),
)
class _GradientsTail(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return total(self.tail(call, dy * call.xhat))

    def dbeta(self, call: Call, dy: Array) -> Array:
        return total(self.tail(call, dy))

    def tail(self, call: Call, rows: Array) -> Array:
        """The values that are added."""
        return rows[:, : call.m - call.m % BLOCK] if call.m > 30000 else rows


class _Counted(Parts):
    """Parts that divide by a count of their own."""

    def counted(self, call: Call) -> int:
        """The count that is divided by."""
        raise NotImplementedError

    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(total(rows) / self.counted(call))


@mutant(
    "many-values/count-short-by-a-block",
    "Beyond 4000 values the count is short by a block of 256.",
    "Count the last block as well.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _ShortCount(_Counted):
    def counted(self, call: Call) -> int:
        return call.m - BLOCK if call.m > 4000 else call.m


@mutant(
    "many-values/count-without-the-tail",
    "Beyond 60000 values only whole blocks of 256 are counted, while all are added.",
    "Count the values and not the blocks.",
    caught_by=AGREEMENT,
    shown_by=("integers 1004",),
)
class _CountOfBlocks(_Counted):
    def counted(self, call: Call) -> int:
        return call.m - call.m % BLOCK if call.m > 60000 else call.m


@mutant(
    "many-values/padding-counted",
    "Beyond 30000 values the zeros that fill the last block of 256 are counted.",
    "Divide by the number of values without the padding.",
    caught_by=AGREEMENT,
    shown_by=("integers 330",),
)
class _PaddingCounted(_Counted):
    def counted(self, call: Call) -> int:
        return call.m + -call.m % BLOCK if call.m > 30000 else call.m


@mutant(
    "many-values/count-of-the-variance",
    "Beyond 20000 values the squares are divided by a count that is one block of 256 too large.",
    "Divide both sums by the same count.",
    caught_by=AGREEMENT,
    shown_by=("integers 330",),
)
class _VarianceCount(Parts):
    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        count = call.m + BLOCK if call.m > 20000 else call.m
        return np.asarray(total(centred * centred) / count)


@mutant(
    "many-values/count-of-gradients",
    "Beyond 20000 values backward divides by a count that is short by one block of 256.",
    "Divide by the number of values.",
    caught_by=BACKWARD,
    shown_by=("integers 330",),
)
class _GradientCount(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(total(dxhat) / (call.m - BLOCK if call.m > 20000 else call.m))


@mutant(
    "many-values/padding-in-the-squares",
    "Beyond 4000 values the squares of padding less the mean are added to the variance.",
    "Mask the padding after the mean is subtracted.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _PaddingSquared(Parts):
    def var(self, call: Call) -> Array:
        if call.m <= 4000:
            return super().var(call)
        padded = np.pad(call.rows, ((0, 0), (0, -call.m % BLOCK))) - call.mean
        return np.asarray(total(padded * padded) / call.m)


@mutant(
    "many-values/sums-in-bfloat16",
    "Beyond 4000 values the sums of blocks are added in bfloat16.",
    "Add them in float32.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _ShortSums(Parts):
    least = 4000

    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(self.added(call, rows) / call.m)

    def added(self, call: Call, rows: Array) -> Array:
        """The sum over a row, in bfloat16 between blocks: by a tree, the best that it can do."""
        if call.m <= self.least:
            return total(rows)
        padded = np.pad(rows, ((0, 0), (0, -call.m % BLOCK)))
        sums = padded.reshape(len(rows), -1, BLOCK).sum(axis=2).astype(ml_dtypes.bfloat16)
        while sums.shape[1] > 1:
            sums = np.pad(sums, ((0, 0), (0, sums.shape[1] % 2)))
            sums = sums[:, ::2] + sums[:, 1::2]
        return np.asarray(sums.astype(rows.dtype))


@mutant(
    "many-values/large-sums-in-bfloat16",
    "Beyond 60000 values the sums of blocks are added in bfloat16.",
    "Add them in float32.",
    caught_by=AGREEMENT,
    shown_by=("integers 1004",),
)
class _LargeShortSums(_ShortSums):
    least = 60000


@mutant(
    "many-values/gradients-in-bfloat16",
    "Beyond 20000 values dgamma and dbeta are added in bfloat16 between blocks.",
    "Add them in float32.",
    caught_by=BACKWARD,
    shown_by=("integers 330",),
)
class _ShortGradients(_ShortSums):
    least = 20000

    def pool(self, call: Call, rows: Array) -> Array:
        return Parts.pool(self, call, rows)

    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.added(call, dy * call.xhat)

    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.added(call, dy)


@mutant(
    "many-values/last-value",
    "Beyond 30000 values sums leave out the last one.",
    "Loop to the end.",
    caught_by=AGREEMENT,
    shown_by=("patterns 330",),
)
class _LastValue(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        values = rows[:, :-1] if call.m > 30000 else rows
        return np.asarray(total(values) / call.m)


@mutant(
    "many-values/half-count",
    "The count is rounded to float16 beyond 2048 values.",
    "Count in integers.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _HalfCount(_Counted):
    def counted(self, call: Call) -> int:
        return int(np.float16(call.m)) if call.m < 60000 else call.m


@mutant(
    "many-values/means-of-chunks",
    "Beyond 4096 values the means of chunks of 4096 weigh alike, the last one too.",
    "Weigh each chunk by the number of its values.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _Chunks(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        chunks = [rows[:, k : k + 4096] for k in range(0, call.m, 4096)]
        means = [total(chunk) / chunk.shape[1] for chunk in chunks]
        return np.asarray(sum(means) / len(means), rows.dtype)


@mutant(
    "many-values/first-block-twice",
    "Beyond 16384 values the first block of 256 is added twice, in place of the second.",
    "Move on by one block at a time.",
    caught_by=AGREEMENT,
    shown_by=("integers 330",),
)
class _BlockTwice(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        if call.m <= 16384:
            return super().pool(call, rows)
        again = rows.copy()
        again[:, BLOCK : 2 * BLOCK] = rows[:, :BLOCK]
        return super().pool(call, again)
