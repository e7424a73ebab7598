"""How the sums over many values may have been formed: what explains their errors."""

from enum import Enum


class Summation(Enum):
    """A family of algorithms, each of which is nearly exact on some channel of integer data."""

    EXACT = "exact sums"
    """Sums of multiples of one quantum, divided once at the end."""
    ANY_ORDER = "sums in any order"
    """Sums of weighted values, x / N, as well: only the values that are not 0 round."""
    FORWARDS = "streaming"
    """A mean that follows the values, as Welford's, in lanes and blocks of any size."""
    BACKWARDS = "streaming from the end"
    """The same from the last value to the first."""
    REFINED = "a refined mean"
    """Statistics of deviations from an estimate, none of which is 0."""


STREAMING = (Summation.FORWARDS, Summation.BACKWARDS)
