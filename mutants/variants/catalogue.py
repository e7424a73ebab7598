"""All variants: one mistake, two mistakes, and mistakes that the library does not have."""

from bnproof.mutants.variants import (
    combined,
    single_backward,
    single_forward,
    single_running,
    unknown,
)
from bnproof.mutants.variants.turns import in_turns

SINGLE = in_turns(single_forward, single_backward, single_running)
COMBINED = combined.VARIANTS
UNKNOWN = in_turns(unknown)
VARIANTS = (*SINGLE, *COMBINED, *UNKNOWN)
