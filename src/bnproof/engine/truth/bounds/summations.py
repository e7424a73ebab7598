"""Bounds of sums over integer data: by family of algorithms, each nearly exact on some channel.

The bound of a sum in any order grows with N u, and at N = 10^6 hides a count that is off by 256 and
sums in bfloat16.  No family of algorithms is as bad as that on every kind of data.  `exact_data`
makes one batch of seven channels, and a call passes if the bounds of one family explain *all* its
outputs:

- **Exact sums** (theorem 1 of `exact_data`): where a quantum divides all terms and the magnitudes
  add up to less than 2^p quanta, sums have no error in any order, for every N.  h = 0 there.
- **Sums in any order**: also of weighted values x / N.  A value that is 0 adds exactly, and so does
  its product with anything: h is the number of values that are not 0.  Where the mean is 0, the
  deviations of the zeros are -delta: their squares err by no more than themselves when they are
  added, delta^2 in all, and their sum by (1 + G) delta.  Where the order is ours, the mean is off
  by at most (2/3) lambda A u (N + 1)^1.5 / N beside a few roundings (theorem 2).
- **Streaming** (Welford, cumulative averages, Chan's merges): the mean of shuffled values of
  magnitude A is off by at most u A (lambda (sqrt(N) + 40) + 8) = t, and the variance by
  gamma_{N + 10} var + 4 A t (theorem 3).  Where only the last value is not 0, mean and squares are
  0 exactly up to the very end.  A few roundings follow, and a merge with each of at most `LANES`
  lanes of zeros, in which a mean or a variance rounds at most three times: h = 3 `LANES` + 40.
  From the end to the beginning the same holds of a channel in which only the first value is not 0.
  The variance needs no order there: a zero as the k-th value adds a^2 / (k (k - 1)) to the squares
  of the one value a, which errs by no more than itself and no more than u a^2, together by at most
  2 sqrt(u) a^2, whatever N is.

- **A refined mean**: m + mean(x - m), with an estimate m, or about another value of the batch.
  Where the mean is 0 or x constant, m is as good as a sum in any order, and the deviations are
  multiples of a quantum or as small as the error of m.  Elsewhere no deviation is 0, and statistics
  have the bounds of all data.  Sums over dy stay those in any order.

Elsewhere h = N, as for all data.  The gradients are sums over dy, and h is found likewise from dy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.summation import STREAMING, Summation
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import accumulated, quantum

Terms = Literal["x", "squares", "deviations", "dy", "scaled dy", "products"]
"""What is summed: x, x^2, x - mean or its square, dy, dy gamma inv_std, dy xhat."""

OF_X: tuple[Terms, ...] = ("x", "squares", "deviations")

LAMBDA = 10.0
"""Over 2 10^6 nodes of a tree a bound fails with the chance 8e-16, which is that of our shuffle."""

LANES = 1024
"""Lanes that a streaming algorithm merges one after the other."""

ROUNDINGS = 40


def additions(arithmetic: Arithmetic, q: Quantities, terms: Terms) -> float | Array:
    """h: the additions that a summand passes through, by channel where it depends on the data."""
    if arithmetic.depth is not None:
        return arithmetic.depth
    if arithmetic.summation is None:
        return q.count
    if arithmetic.summation in STREAMING:
        few = 3 * LANES + ROUNDINGS
        whole = q.count + 5 * np.log2(max(2, q.count)) + 8
        ends = alone(arithmetic.summation, q, terms)
        return np.asarray(np.where(ends, min(few, whole), whole))
    if arithmetic.summation is Summation.REFINED and terms in OF_X:
        return q.count
    found = np.minimum(q.count, _nonzero(q, terms))
    if arithmetic.summation is Summation.EXACT and arithmetic.exact_sums:
        return np.asarray(np.where(_exact(arithmetic, q, terms), 0, found))
    return np.asarray(found)


def summed(depth: float | Array, u: float) -> float | Array:
    """gamma_h where h may differ between channels."""
    if isinstance(depth, np.ndarray):
        with np.errstate(divide="ignore"):
            return np.where(depth * u < 1, depth * u / (1 - np.minimum(depth * u, 0.5)), np.inf)
    return accumulated(depth, u)


def alone(summation: Summation | None, q: Quantities, terms: Terms) -> Array:
    """Whether only the value is not 0 that a streaming algorithm meets last."""
    of_x = terms in OF_X
    all_rows = q if q.whole is None else q.whole
    values = all_rows.x if of_x else np.asarray(all_rows.dy)
    count = q.x_nonzero if of_x else q.dy_nonzero
    last = values[-1 if summation is Summation.FORWARDS else 0] if len(values) else 0.0
    return np.asarray((count == 1) & (np.asarray(last, np.float64) != 0))


def _nonzero(q: Quantities, terms: Terms) -> Array:
    if terms in ("x", "squares"):
        return q.x_nonzero
    if terms == "deviations":
        return np.where(q.mean == 0, q.x_nonzero, q.count)
    return q.dy_nonzero


def _exact(arithmetic: Arithmetic, q: Quantities, terms: Terms) -> Array:
    """Whether a quantum divides all terms, and their magnitudes are less than 2^p of it."""
    u = arithmetic.compute.u
    rules: Mapping[Terms, Callable[[], Array]] = {
        "x": lambda: q.x_sum_abs * u <= q.x_quantum,
        "squares": lambda: q.x_squares * u <= q.x_quantum**2,
        "deviations": lambda: (q.mean == 0) & (q.x_squares * u <= q.x_quantum**2),
        "dy": lambda: q.dy_sum_abs * u <= q.dy_quantum,
        "scaled dy": lambda: q.factors_are_powers_of_two & (q.dy_sum_abs * u <= q.dy_quantum),
        "products": lambda: (
            q.factors_are_powers_of_two & (q.mean == 0) & (q.dy_d * u <= q.dy_quantum * q.x_quantum)
        ),
    }
    with np.errstate(all="ignore"):
        return np.asarray(rules[terms]())


def statistics_by_summation(
    arithmetic: Arithmetic,
    q: Quantities,
    landed: Callable[[Arithmetic, Quantities], tuple[Array, Array]],
) -> tuple[Array, Array]:
    """delta and Delta of the family; ``landed`` are those of streaming algorithms on any data."""
    if arithmetic.summation in STREAMING and "streaming" in arithmetic.variances:
        delta, big_delta = _streaming(arithmetic, q, landed)
        if "one-pass" not in arithmetic.variances:
            return delta, big_delta
        return delta, np.maximum(big_delta, _one_pass(arithmetic, q, delta))
    if arithmetic.summation in STREAMING:
        arithmetic = replace(arithmetic, summation=Summation.ANY_ORDER)
    return _sums(arithmetic, q)


def refined(
    arithmetic: Arithmetic,
    q: Quantities,
    landed: Sequence[tuple[Array, Array]],
    streaming: Callable[[Arithmetic, Quantities], tuple[Array, Array]],
) -> tuple[Array, Array]:
    """delta and Delta of a refined mean; ``landed`` are those of all algorithms on any data."""
    any_order = replace(arithmetic, summation=Summation.ANY_ORDER)
    tight = statistics_by_summation(any_order, q, streaming)
    structured = (q.mean == 0) | (q.var == 0)
    made = []
    for number in (0, 1):
        loose = np.max([errors[number] for errors in landed], axis=0)
        made.append(np.where(structured, np.minimum(loose, tight[number]), loose))
    return made[0], made[1]


def _streaming(
    arithmetic: Arithmetic,
    q: Quantities,
    landed: Callable[[Arithmetic, Quantities], tuple[Array, Array]],
) -> tuple[Array, Array]:
    """Theorem 3, and the channel in which all but the end is 0."""
    u, count = arithmetic.compute.u, q.count
    delta, big_delta = landed(replace(arithmetic, summation=None), q)
    shuffled = u * q.d_most * (LAMBDA * (np.sqrt(count) + 40) + 8)
    spread = summed(np.float64(count + 10), u) * q.var + 4 * q.d_most * shuffled
    spread = spread * (1 + accumulated(count, u))
    none = q.mean == 0
    delta = np.where(none, np.minimum(delta, shuffled), delta)
    big_delta = np.where(none, np.minimum(big_delta, spread), big_delta)
    few = accumulated(3 * LANES + ROUNDINGS, u)
    ends = alone(arithmetic.summation, q, "x")
    lost = 4 * arithmetic.underflow(arithmetic.compute) * (1 + q.d_most)
    delta = np.where(ends, np.minimum(delta, few * q.mean_abs + lost), delta)
    rest = (few + 2 * np.sqrt(u)) * q.var + lost
    return delta, np.where(q.x_nonzero == 1, np.minimum(big_delta, rest), big_delta)


def _sums(arithmetic: Arithmetic, q: Quantities) -> tuple[Array, Array]:
    """Two passes, and one pass where it is accepted."""
    u, underflow = arithmetic.compute.u, arithmetic.underflow(arithmetic.compute)
    few, whole = accumulated(3, u), accumulated(q.count, u)
    terms = _after(summed(additions(arithmetic, q, "x"), u), few)
    delta = terms * q.mean_abs + few * q.mean
    if arithmetic.summation is Summation.ANY_ORDER:
        nodes = (q.count + 1) ** 1.5 / q.count
        ours = 2 / 3 * LAMBDA * q.d_most * u * nodes + accumulated(4, u) * q.mean_abs
        delta = np.where(q.mean == 0, np.minimum(delta, ours * (1 + whole)), delta)
    delta = delta + 4 * underflow
    depth = summed(additions(arithmetic, q, "deviations"), u)
    spread = (1 + whole) * delta + _after(depth, few) * q.sigma
    squares = _after(depth, accumulated(7, u)) * (q.var + delta**2)
    big_delta = squares + 2 * delta**2 + spread**2
    big_delta = big_delta + 4 * underflow + 2 * underflow * (q.sigma + delta)
    if "one-pass" in arithmetic.variances:
        big_delta = np.maximum(big_delta, _one_pass(arithmetic, q, delta))
        shifted_delta, shifted = _shifted(arithmetic, q)
        delta, big_delta = np.maximum(delta, shifted_delta), np.maximum(big_delta, shifted)
    return np.asarray(delta), np.asarray(big_delta)


def _one_pass(arithmetic: Arithmetic, q: Quantities, delta: Array) -> Array:
    """E[x^2] - E[x]^2."""
    depth = summed(additions(arithmetic, q, "squares"), arithmetic.compute.u)
    return _about(arithmetic, q, q.mean, delta, depth)


def _shifted(arithmetic: Arithmetic, q: Quantities) -> tuple[Array, Array]:
    """The same about the first value, the running mean or the mean of a first block.

    Where all of these are 0 nothing is shifted.  Sums of integers that are shifted by an integer
    are exact; otherwise they are sums of N terms.
    """
    u = arithmetic.compute.u
    mean = q.truth.values["mean"][0]
    points = [np.asarray(q.x[0], np.float64)]
    if q.running_mean is not None:
        points.append(np.asarray(q.running_mean, np.float64))
    shift = np.max([np.abs(p - mean) for p in points], axis=0)
    still = np.all([p == 0 for p in points], axis=0)
    depth = np.full(shift.shape, float(q.count))
    if arithmetic.summation is Summation.EXACT and arithmetic.exact_sums:
        of_all = np.minimum(q.x_quantum, quantum(np.stack(points)))
        exact = q.count * (q.var + shift**2) * u <= of_all**2
        depth = np.where(exact, 0.0, depth)
    else:
        shift = np.maximum(shift, q.sigma)
    terms = summed(depth, u)
    delta = _after(terms, accumulated(4, u)) * np.sqrt(q.var + shift**2)
    found = _about(arithmetic, q, shift, delta, terms)
    delta = delta + 2 * u * (q.mean + delta)
    return np.where(still, 0.0, delta), np.where(still, 0.0, found)


def _about(
    arithmetic: Arithmetic, q: Quantities, centre: Array, delta: Array, depth: float | Array
) -> Array:
    u, underflow = arithmetic.compute.u, arithmetic.underflow(arithmetic.compute)
    squares = _after(depth, accumulated(6, u)) * (q.var + centre**2)
    mean_squared = 2 * centre * delta + delta**2 + accumulated(4, u) * centre**2
    total = squares + mean_squared * (1 + accumulated(3, u))
    return np.asarray(total + 4 * underflow + 2 * underflow * (q.sigma + centre + delta))


def centring(arithmetic: Arithmetic, q: Quantities, delta: Array) -> Array:
    """The error of the mean of x - mean, beside those of its sum: delta, N times over."""
    if arithmetic.summation is None:
        return delta
    return np.asarray(delta * (1 + accumulated(q.count, arithmetic.compute.u)))


def _after(a: float | Array, b: float) -> float | Array:
    return a + b + a * b
