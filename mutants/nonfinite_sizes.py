"""NaN and infinity that go wrong with many channels, or on large arrays, only."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.nonfinite import BACKWARD, FORWARD, INFERENCE, RUNNING
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

SHOWN = ("nan and inf in many", "nan and inf in large")


@mutant(
    "nonfinite-sizes/product-with-the-identity",
    "Beyond 16 channels dgamma passes a product with a matrix: NaN spreads to all channels.",
    "Sum each channel alone.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _Identity(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        wide = 16 < len(right) <= 4096
        return np.asarray(np.eye(len(right), dtype=right.dtype) @ right) if wide else right


@mutant(
    "nonfinite-sizes/blocks-of-channels",
    "Beyond 32 channels running means that are NaN spread over blocks of 32.",
    "Leave the other channels alone.",
    caught_by=RUNNING,
    shown_by=SHOWN,
)
class _Blocks(Parts):
    def running_mean(self, call: Call) -> Array:
        moved = super().running_mean(call)
        if len(moved) > 32:
            for block in range(0, len(moved), 32):
                if np.isnan(np.asarray(moved[block : block + 32], np.float64)).any():
                    moved[block : block + 32] = np.nan
        return moved


@mutant(
    "nonfinite-sizes/large-x-to-numbers",
    "In training NaN in x counts as 0 beyond 10,000 elements.",
    "Let it through.",
    caught_by=FORWARD,
    shown_by=SHOWN,
)
class _LargeX(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x)
        large = call.training and x.size > 10000
        return np.where(np.isnan(rows), 0, rows).astype(rows.dtype) if large else rows


@mutant(
    "nonfinite-sizes/large-dy-to-numbers",
    "NaN in dy counts as 0 beyond 10,000 elements of planes.",
    "Let it through.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _LargeDy(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        rows = super().read_dy(call, dy)
        return np.where(np.isnan(rows), 0, rows).astype(rows.dtype) if dy.size > 10000 else rows


@mutant(
    "nonfinite-sizes/large-inference-clipped",
    "Inference of more than 10,000 elements clips what is infinite.",
    "Let it through.",
    caught_by=INFERENCE,
    shown_by=SHOWN,
)
class _LargeInference(Parts):
    def infer_y(self, call: Call) -> Array:
        y = super().infer_y(call)
        return np.clip(y, -60000, 60000) if y.size > 10000 else y


@mutant(
    "nonfinite-sizes/vectors-of-channels",
    "Beyond 16 channels a NaN in beta spreads to the seven channels beside it.",
    "Blend the lanes of a vector by selection, not by products with 0.",
    caught_by=(*INFERENCE, *FORWARD),
    shown_by=SHOWN,
)
class _Vectors(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if len(call.beta) > 16:
            for lane in range(0, len(call.beta), 8):
                if np.isnan(call.beta[lane : lane + 8]).any():
                    call.beta[lane : lane + 8] = np.nan
