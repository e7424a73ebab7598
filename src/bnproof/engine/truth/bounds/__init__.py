"""Derived error bounds: componentwise, per accuracy class, with no tolerance that is a guess.

Thirteen formulas, each derived beside its code: M, V, R in `statistics`, X, Y, S, O in `forward`,
B, C, D in `backward`, J, K, L in `double_backward`.  `domain` says where they hold.
"""

from bnproof.engine.truth.bounds.arithmetic import Arithmetic, ladder
from bnproof.engine.truth.bounds.evaluate import Bounds, bounds, largest_term
from bnproof.engine.truth.bounds.quantities import Quantities

__all__ = ["Arithmetic", "Bounds", "Quantities", "bounds", "ladder", "largest_term"]
