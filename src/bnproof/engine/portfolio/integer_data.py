r"""Integer data for any number of values: seven channels, on which algorithms are nearly exact.

`exact_data` needs a power of two for N, since a mean taken with weights x / N is not exact
otherwise. Here N is any number, and four families of algorithms are told apart instead (see
`bnproof.engine.truth.bounds.summations`, which has the bounds). u is the unit roundoff.

**Construction.** Pairs (+a, -a) with a from 0, 1 and 2, and one 0 if N is odd: with T = N v / 2 and
P pairs, ceil((T - P) / 3) twos and T minus 4 times as many ones make sum k = 0 and sum k^2 = N v
without a search. v = 2 and eps = 14, so that inv_std = 1/4; 16 >= 4 v, so that an error of 2 u in
the variance is less than half a unit of the last place of var + eps. All |k| are powers of two, so
that k times any number is exact, and all numbers are numbers of bfloat16 and float16 too.

**Theorem 1 (sums).** If q divides all terms and sum |t| <= q / u, the sum is exact in any order,
for every N: every partial sum is a multiple of q that is not above q / u. Here sum |x| and sum x^2
are at most 2 N, and sum |dy x| at most 5 N: all below 2^24 for N <= 2^20. Then S / N is a rounded
quotient; S times fl(1 / N) has a relative error of 2 u, nothing where S = 0. With an exact inv_std,
xhat, dgamma and dbeta are exact, and y as well.

**Theorem 2 (our shuffle).** Let |t_i| <= A be in an order that we draw, which the implementation
does not know. A node of k terms in a fixed tree of additions is a sample without replacement, so by
Hoeffding |S_k - k T / N| <= lambda A sqrt(k) but with the chance 2 exp(-lambda^2 / 2). With T = 0
the rounding at a node is at most u |S_k| whatever rounding does, and sum sqrt(k) over the nodes is
largest for a chain: a sum is off by at most (2/3) lambda A u (N + 1)^1.5. Over 2 10^6 nodes lambda
= 10 fails with the chance 8e-16. This is a chance of our shuffle, not of rounding.

**Theorem 3 (Welford).** m_k = m_{k-1} + (x_k - m_{k-1}) / k errs by rho_k with k |rho_k| <= u
(|S_k| + 3 |x_k - m_{k-1}|), and N e_N = sum k rho_k, so that |e_N| <= u A ((2/3) lambda sqrt(N) +
8). A merge adds u (|S_n| + 4 |delta| n_b), and |delta| n_b <= lambda A (sqrt(n_b) + n_b /
sqrt(n_a)). Together, in any lanes, |e| <= u A (lambda (sqrt(N) + 40) + 8), where the bound for any
order has N. Each addition to the sum of squares errs by u N var at most and each term by 3 u |t| +
4 A max |e|, hence |error of var| <= u (N + 10) var + 4 A |e|. m (k - 1) / k + x / k errs likewise.

**Theorem 4 (why Welford does better).** (x - m_{k-1})(x - m_k) = x^2 - eps_k with |eps_k| <= 2 A
max |S| / k, nearly an integer. Once eps_k is less than half a unit in the last place of the sum of
squares, at least u v k / 2, the addition snaps to the integer and is exact. With |S_k| <= s in a
lane of n values that begins at k0 = sqrt(4 A s / (u v)): |error of var| <= var u (min(0.7 n, k0^2 /
(2 n)) + 2 log2(lanes) + 10). It falls with N. In random order s = lambda A sqrt(k), so that k0 is
above 10^6 and nothing is gained: no bound rests on it.

**The channels.** None of these bounds shows a count that is off by a block of 256 at N = 10^6, a
fraction of 2.4e-4, since a right algorithm of another kind may err by more on such data. On each of
the others below one kind is nearly exact:

1. *shuffled*: the construction in random order, and dy that follows it.
2. *tail*: likewise; the last eight values are +-2^p, which carry a quarter to a half of sum x^2.
3. *constant*: x = 3, dy = 1.
4. *sparse*: sixteen positive values of 8 bits, the last one among them, and 0 elsewhere: only
   sixteen additions round, in any order and with weights. The mean is not 0.
5. *quiet*: eight pairs (+a, -a), and 0 elsewhere: the same for the variance.
6. *last only*, 7. *first only*: one value, which is the last one, or the first, that a streaming
   algorithm meets: all before it is exactly 0.

The first eighth of the sparse channels is 0, so that an algorithm that shifts by a value from there
shifts by nothing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bnproof.engine.model.formats import Array

VARIANCE = 2
EPS = 14.0
"""var + eps is 16."""

CHANNELS = 7
TAIL = 8
SPARSE = 16


@dataclass(frozen=True, eq=False)
class IntegerData:
    """x and dy of seven channels, (N, 7), as float64."""

    x: Array
    dy: Array


def magnitudes(pairs: int, total: int) -> Array:
    """``pairs`` numbers out of 0, 1 and 2 whose squares add up to ``total``.

    >>> [int((magnitudes(10, total) ** 2).sum()) for total in (0, 7, 10, 11, 12, 13, 40)]
    [0, 7, 10, 11, 12, 13, 40]
    """
    if total <= pairs:
        return np.repeat([1, 0], [total, pairs - total])
    twos = -(-(total - pairs) // 3)
    ones = total - 4 * twos
    return np.repeat([2, 1, 0], [twos, ones, pairs - twos - ones])


def shuffled(count: int, rng: np.random.Generator, *, tail: bool = False) -> Array:
    """``count`` integers with sum 0 and sum of squares 2 count, in random order.

    With ``tail`` the last eight are large and stand in a fixed order.

    >>> k = shuffled(1001, np.random.default_rng(0), tail=True)
    >>> int(k.sum()), int((k * k).sum()), int((k[-8:] ** 2).sum())
    (0, 2002, 512)
    """
    end = np.zeros(0, np.int64)
    if tail:
        power = int(np.log2(count / TAIL)) // 2
        end = 2**power * np.array([1, -1, -1, 1, 1, -1, 1, -1])
    body = count - len(end)
    a = magnitudes(body // 2, (VARIANCE * count - int((end**2).sum())) // 2)
    mixed = rng.permutation(np.concatenate([a, -a, np.zeros(body % 2, np.int64)]))
    return np.concatenate([mixed, end])


def integer_data(count: int, rng: np.random.Generator, *, bits: int = 8) -> IntegerData:
    """The seven channels of at least 1,000 values; large values have ``bits`` bits.

    >>> data = integer_data(4099, np.random.default_rng(0))
    >>> data.x.sum(axis=0)[:2].tolist(), np.count_nonzero(data.x, axis=0)[3:].tolist()
    ([0.0, 0.0], [16, 16, 1, 1])
    """
    x, dy = np.zeros((count, CHANNELS)), np.zeros((count, CHANNELS))
    for channel in (0, 1):
        k = shuffled(count, rng, tail=channel == 1)
        x[:, channel] = k
        dy[:, channel] = np.sign(k) * rng.integers(0, 2, count) + rng.integers(-1, 2, count)
    dy[-TAIL:, 1] = x[-TAIL:, 1]
    x[:, 2], dy[:, 2] = 3, 1
    for channel in (3, 4):
        at = _places(count, rng)
        values = _odd(SPARSE, bits, rng) * _scale(count / SPARSE, bits)
        if channel == 4:
            values[SPARSE // 2 :] = -values[: SPARSE // 2]
            values = rng.permutation(values)
        x[at, channel] = values
        dy[at, channel] = _odd(SPARSE, bits, rng) / 2.0**bits * rng.choice([1, 1, 1, -1], SPARSE)
    for channel, end in ((5, -1), (6, 0)):
        x[end, channel] = _odd(1, bits, rng)[0] * _scale(count, bits)
        dy[end, channel] = _odd(1, bits, rng)[0] / 2.0 ** (bits - 2)
    return IntegerData(x, dy)


def _places(count: int, rng: np.random.Generator) -> Array:
    """The places of sparse values: one in each part of what comes after the first eighth."""
    edges = np.linspace(count // 8, count - 1, SPARSE).astype(int)
    inside = [int(rng.integers(low, high)) for low, high in pairwise(edges)]
    return np.array([*inside, count - 1])


def _odd(number: int, bits: int, rng: np.random.Generator) -> Array:
    """Odd integers of so many bits: a sum of them has more."""
    return np.asarray(2.0 * rng.integers(2 ** (bits - 2), 2 ** (bits - 1), number) + 1)


def _scale(squared: float, bits: int) -> float:
    """A power of two, times which a number of so many bits has about a square of 2 ``squared``."""
    return float(2.0 ** (round(np.log2(2 * squared) / 2) - bits))
