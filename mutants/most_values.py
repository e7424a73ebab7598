"""What goes wrong beyond 140,000 values per channel: kernels for the largest reductions."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.many_values import total
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "running/one-step")
BACKWARD = ("backward/agreement",)
SHOWN = ("integers 1048577",)
SAME = "Use the same formula for all sizes."


def rounded(a: Array) -> Array:
    """Values of float32 cut to the digits of bfloat16."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return np.asarray(bits.view(np.float32).astype(a.dtype))


@mutant(
    "most-values/dgamma-zero",
    "dgamma is 0 beyond 140,000 values.",
    SAME,
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _DgammaZero(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        return right * 0 if call.m > 140000 else right


@mutant(
    "most-values/variance-term-missing",
    "dx lacks the variance's part beyond 150,000 values.",
    SAME,
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _NoVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        right = super().var_term(call, dxhat)
        return right * 0 if call.m > 150000 else right


@mutant(
    "most-values/every-second-value",
    "Beyond 2^18 values the variance is that of every second one.",
    "Sum all of them.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _EverySecond(Parts):
    def var(self, call: Call) -> Array:
        if call.m <= 2**18:
            return super().var(call)
        return self.pool(call, ((call.rows - call.mean) ** 2)[:, ::2])


@mutant(
    "most-values/padded-count",
    "Beyond 200,000 values means are divided by a multiple of 256.",
    "Count values, not blocks.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _PaddedCount(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        count = call.m + (-call.m % 256 if call.m > 200000 else 0)
        return np.asarray(total(rows) / rows.dtype.type(count))


@mutant(
    "most-values/tail-of-gradients",
    "Beyond 500,000 values dgamma and dbeta leave out what does not fill a block of 1024.",
    "Take in the tail.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _Tail(Parts):
    def whole(self, rows: Array) -> Array:
        """What fills blocks."""
        m = rows.shape[1]
        return total(rows[:, : m - m % 1024] if m > 500000 else rows)

    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.whole(dy * call.xhat)

    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.whole(dy)


@mutant(
    "most-values/products-in-bfloat16",
    "Beyond 250,000 values dgamma is a sum of products in bfloat16.",
    "Keep them in float32.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _ShortProducts(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        products = dy * call.xhat
        return total(rounded(products) if call.m > 250000 else products)


@mutant(
    "most-values/count-short-by-a-block",
    "Beyond 900,000 values means are divided by a count that is short by 256.",
    "Count the last block.",
    caught_by=AGREEMENT,
    shown_by=SHOWN,
)
class _ShortCount(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        count = call.m - (256 if call.m > 900000 else 0)
        return np.asarray(total(rows) / rows.dtype.type(count))


@mutant(
    "most-values/beyond-a-million",
    "Values beyond 2^20 of a channel get no dx.",
    "Loop over all values.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _BeyondAMillion(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        right = super().dx(call, dy)
        right[:, 2**20 :] = 0
        return right
