"""All controls."""

from bnproof.mutants.controls import (
    algebra,
    arithmetic,
    conventions,
    double_backward,
    many_values,
    memory,
    sums,
    variances,
)
from bnproof.mutants.controls.control import Control
from bnproof.mutants.decorators import registered

KINDS = (conventions, sums, variances, arithmetic, algebra, double_backward, memory, many_values)

CONTROLS: tuple[Control, ...] = tuple(
    control for kind in KINDS for control in registered(kind, Control)
)
