"""What a case is about: the closed set of tags by which properties find their cases."""

from enum import Enum


class Tag(Enum):
    """One subject of a case; a case may have several."""

    CONSTANT = "constant"
    """x is constant in a channel."""
    CONSTANT_DY = "constant dy"
    CONVERGENCE = "convergence"
    """Every batch is the whole population."""
    CUMULATIVE = "cumulative"
    """momentum is None."""
    DEPTH = "depth"
    """From these the effective depth of sums is estimated."""
    EMPTY = "empty"
    EQUALS_TRAINING = "equals training"
    """The running statistics are those of the batch."""
    EXACT = "exact"
    """Every result is a number of the format."""
    IDENTITY = "identity"
    """gamma and beta give x back."""
    LARGE = "large"
    """Left out by the quick profile."""
    LAYER = "layer"
    LAYOUT = "layout"
    """Arguments that are not plain in memory."""
    MODULE = "module"
    """A whole torch module, beside its numbers."""
    NONFINITE = "nonfinite"
    NONFINITE_DY = "nonfinite dy"
    NONFINITE_X = "nonfinite x"
    OFFSETS = "offsets"
    """The same data further and further from 0."""
    SEARCHED = "searched"
    """Found by the search; its name says nothing."""
    SIZE = "size"
    """The case is about its shape; for targets that compile for each shape only."""
    SINGLE = "single"
    """One value per channel."""
    STEPS = "steps"
    """Many batches, one after the other."""
    ZERO_DY = "zero dy"


ANY_NONFINITE = frozenset({Tag.NONFINITE, Tag.NONFINITE_X, Tag.NONFINITE_DY})
"""Cases with NaN or infinity in some argument."""
