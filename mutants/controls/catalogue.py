"""All controls."""

from bnproof.mutants.controls import (
    activations,
    added_inputs,
    algebra,
    arithmetic,
    conventions,
    double_backward,
    habits,
    layers,
    many_values,
    memory,
    nonfinite,
    sums,
    variances,
    virtual_batches,
)
from bnproof.mutants.controls.control import Control
from bnproof.mutants.decorators import registered

KINDS = (
    added_inputs,
    conventions,
    sums,
    variances,
    arithmetic,
    algebra,
    double_backward,
    memory,
    activations,
    virtual_batches,
    habits,
    nonfinite,
    layers,
    many_values,
)

CONTROLS: tuple[Control, ...] = tuple(
    control for kind in KINDS for control in registered(kind, Control)
)
