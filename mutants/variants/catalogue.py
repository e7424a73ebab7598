"""All variants: one mistake, two mistakes, and mistakes that the library does not have."""

from bnproof.mutants.variants import combined, single, unknown

SINGLE, COMBINED, UNKNOWN = single.VARIANTS, combined.VARIANTS, unknown.VARIANTS
VARIANTS = (*SINGLE, *COMBINED, *UNKNOWN)
