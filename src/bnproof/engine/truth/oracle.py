"""Exact batch normalization: a channel's constants in integers, its elements in double words.

Fact used: with dyadic inputs every output is A + B / sqrt(W), with A, B and W exact rationals of
the channel.  `bnproof.engine.truth.channels` forms what belongs to a channel in integers, with one
integer square root, and rounds it once to a double word.  Elements are then

    d_i = x_i - mean          y_i = d_i s + beta          s = gamma inv_std
    dx_i = s [(dy_i - dbeta / N) - d_i a]                 a = b sum(dy d) / (N (b var + eps))

and dx_i = s dy_i in inference, where the statistics do not depend on x.  The factor b in a comes
from d(b var) / dx_i = 2 b (x_i - mean) / N (theorem "unbiased-normalisation").

**Accuracy.**  A value is an unevaluated sum of two float64.  With v = 2^-53, what belongs to a
channel is off by at most (v^2 + 2^-158) of it.  `double_words` has the errors of the operations,
in units of v^2 and relative to their results, so to first order:

- d: 2 |d|, and 1 |mean| from the mean.
- y: the product has 7, s has 1, the sum 2:
  s ((2 + 7 + 1 + 2) |d| + (1) |mean|) + 2 |beta|, at most 13 (s (|x| + |mean|) + |beta|).
- dx: the first difference has 2 and 1 from the mean of dy, d a has 2 + 7 + 1 and 1 |a mean|, the
  second difference 3, and the product with s 7 + 1:
  s (13 |dy| + 14 |dbeta| / N + (21 + 1) |a| (|x| + |mean|)).

Terms of order v^3, of 2^-158 and of underflow (`double_words`) are less than v^2 together, so

    |error of y|  <= 2^-102 (|s| (|x| + |mean|) + |beta|)                        14 v^2 < 2^-102
    |error of dx| <= 2^-101 |s| (|dy| + |dbeta| / N + |a| (|x| + |mean|))        23 v^2 < 2^-101
    |error of any other value| <= 2^-105 of it

and 2^-1074 more where a result is below the range of float64.  The bound of any class in any
format has at least 4 u of the same terms, with u >= 2^-53: formula X has its fold, gamma_6 r (|x| +
|mean|), and Y and D multiply that by gamma and by a / r (see `bounds.forward`, `bounds.backward`).
So the truth is off by less than 2^-49 of a bound.  Where a bound is 0, a sum is exact in the
format, and so it is here.  The error of a result is ``abs((got - high) - low)``, in plain NumPy.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.constants import Constants
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.finite_columns import finite, where, wide
from bnproof.engine.truth.integers import Exact, Ratio, dyadic
from bnproof.engine.truth.layer import Backward, Layer


def batch_truth(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    *,
    dy: Array | None = None,
    statistics: tuple[Array, Array] | None = None,
    unbiased: bool = False,
) -> Truth:
    """Exact outputs of training, or of inference where ``statistics`` (mean, var) are given.

    x and dy are (N, C), all else (C,); any dtype whose numbers float64 can hold.  ``unbiased``
    tells whether training normalises by N / (N - 1) var; the ``var`` that comes back is biased.

    >>> truth = batch_truth(np.array([[0.0], [2.0]]), np.ones(1), np.zeros(1), 3.0)
    >>> truth.values["inv_std"][0].tolist(), truth.values["y"][0].ravel().tolist()
    ([0.5], [-0.5, 0.5])
    """
    layer = Layer(x, gamma, beta, eps, statistics=statistics, unbiased=unbiased)
    return truth_of(layer, None if dy is None else Backward(layer, dy))


def truth_of(layer: Layer, back: Backward | None) -> Truth:
    """The exact outputs of a layer, and of its backward."""
    names = ("mean", "var", "inv_std")
    per_channel = {name: partial(layer.constant, name) for name in names}
    per_element = {"y": layer.y}
    if back is not None:
        per_channel |= {name: partial(back.constant, name) for name in ("dgamma", "dbeta")}
        per_element["dx"] = back.dx
    pairs = zip(layer.channels.each, layer.defined.tolist(), strict=True)
    ratios = [(ch.mean, ch.var) if defined else None for ch, defined in pairs]
    return Truth(per_channel, per_element, np.shape(layer.x), ratios)


def running_truth(
    old: Array,
    new: Sequence[Ratio | None],
    keep: Fraction | Sequence[Fraction],
    weight: Fraction | Sequence[Fraction],
) -> Exact:
    """keep * old + weight * new, exactly, for each channel; NaN where one of them is not defined.

    The weights are those of each channel, if they differ.

    >>> running_truth(np.ones(1), [(3, 1, 0)], Fraction(3, 4), Fraction(1, 4))[0].tolist()
    [1.5]
    """
    before = wide(old)
    defined = np.isfinite(before) & np.array([value is not None for value in new], bool)
    keeps, weights = (
        [w] * len(new) if isinstance(w, Fraction | int) else w for w in (keep, weight)
    )
    rows = zip(finite(before, defined).tolist(), new, keeps, weights, strict=True)
    sums = [(_average(value, one or (0, 1, 0), *pair),) for value, one, *pair in rows]
    return where(defined, Constants(("average",), sums).exact("average"))


def _average(old: float, new: Ratio, keep: Fraction, weight: Fraction) -> Ratio:
    (o, o_e), (n, d, n_e) = dyadic(old), new
    exponent = min(o_e, n_e)
    kept = keep.numerator * o * weight.denominator * d << (o_e - exponent)
    added = weight.numerator * n * keep.denominator << (n_e - exponent)
    return kept + added, keep.denominator * weight.denominator * d, exponent


def error(got: Array, truth: Exact) -> Array:
    """|got - exact|, with one rounding; infinite where got is not finite but the truth is.

    >>> error(np.array([1.5, np.nan]), (np.array([1.0, 1.0]), np.zeros(2))).tolist()
    [0.5, inf]
    """
    with np.errstate(all="ignore"):
        got = wide(got)
        off = np.abs((got - truth[0]) - truth[1])
        if off.max(initial=0.0) < np.inf:
            return np.asarray(off)
        return np.where(np.isfinite(got) | ~np.isfinite(truth[0]), off, np.inf)
