"""Batch statistics as estimators of a population, their noise, and how parts are merged."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from sympy import Expr, Rational, S, Symbol, symbols

from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import Expect, X, kappa3, kappa4, m, mean, mu_X, sigma2, vector
from bnproof.spec.terms.theorem import Method, theorem

BATCH_MEAN = mean(lambda i: X[i])
BATCH_VAR = mean(lambda i: (X[i] - BATCH_MEAN) ** 2)
MU4 = kappa4 + 3 * sigma2**2
"""The fourth central moment, by cumulants."""

FACES = (Fraction(-1), Fraction(2), Fraction(7, 2))
CHANCES = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
"""A small loaded die, on which expectations can be enumerated."""

Throws = Sequence[Fraction]
n_a, n_b, G = symbols("n_a n_b G", integer=True, positive=True)
z = Symbol("z", real=True)


def average(throws: Throws) -> Fraction:
    """The mean of some throws."""
    return sum(throws, Fraction(0)) / len(throws)


def spread(throws: Throws) -> Fraction:
    """The biased variance of some throws."""
    return average([(t - average(throws)) ** 2 for t in throws])


def die_cumulants() -> dict[Expr, Expr]:
    """The cumulants of the die by their names."""
    pairs = list(zip(CHANCES, FACES, strict=True))
    centre = sum((p * f for p, f in pairs), Fraction(0))
    second, third, fourth = (
        sum((p * (f - centre) ** e for p, f in pairs), Fraction(0)) for e in (2, 3, 4)
    )
    named = {mu_X: centre, sigma2: second, kappa3: third, kappa4: fourth - 3 * second**2}
    return {name: Rational(value) for name, value in named.items()}


def enumerated(
    statistic: Callable[[Throws, Fraction, Fraction], Fraction], right: Expr
) -> Callable[[int, Random], Expr]:
    """Another route to E[statistic] - right: every outcome of m throws, with its chance.

    The statistic is also told the mean and the variance of the die.
    """

    def trial(size: int, _: Random) -> Expr:
        size = min(size, 5)
        cumulants = die_cumulants()
        centre, var = (Fraction(str(cumulants[name])) for name in (mu_X, sigma2))
        expected = Fraction(0)
        for outcome in product(range(3), repeat=size):
            chance = Fraction(1)
            for face in outcome:
                chance *= CHANCES[face]
            expected += chance * statistic([FACES[f] for f in outcome], centre, var)
        values = {**cumulants, m: S(size), z: Rational(3, 2)}
        return Rational(expected) - right.xreplace(values)

    return trial


@theorem(
    "bessel",
    "The batch as a sample of a population",
    "The batch's mean is unbiased. Its variance falls short by (m - 1)/m on average, which "
    "Bessel's m/(m - 1) repairs: the reason for an unbiased running variance.",
    method=Method.EXPECTATION,
    behaviour=True,
)
def bessel() -> list[Claim]:
    biased, corrected = (m - 1) / m * sigma2, m / (m - 1) * Expect(BATCH_VAR)

    def unbiased(throws: Throws, *_: Fraction) -> Fraction:
        return sum((t - average(throws)) ** 2 for t in throws) / Fraction(len(throws) - 1)

    return [
        Claim(
            Expect(BATCH_MEAN),
            mu_X,
            "each sample has the population's mean",
            trial=enumerated(lambda t, *_: average(t), mu_X),
        ),
        Claim(
            Expect(BATCH_VAR),
            biased,
            "the batch's mean is nearer to the samples than the population's",
            trial=enumerated(lambda t, *_: spread(t), biased),
        ),
        Claim(
            corrected,
            sigma2,
            "Bessel's correction; there is none for m = 1",
            least=2,
            trial=enumerated(unbiased, sigma2),
        ),
    ]


@theorem(
    "noise",
    "The noise of batch statistics",
    "Mean and variance of a batch scatter, and so does the normalized value of one and "
    "the same sample in different batches. For eps = 0, to first order in the deviations "
    "of the statistics, its variance is `(1 + z*gamma_3 + z**2*(kappa_4 - 1)/4)/m`, for a "
    "sample z standard deviations from the mean of a population with skewness `gamma_3` "
    "and kurtosis `kappa_4`, but for terms of order 1/m^2. This noise, which falls with "
    "the batch size, is the regularization effect of batch normalization.",
    method=Method.EXPECTATION,
)
def noise() -> list[Claim]:
    of_mean, mixed = sigma2 / m, (m - 1) / m**2 * kappa3
    of_var = (m - 1) / m**3 * ((m - 1) * MU4 - (m - 3) * sigma2**2)
    product_ = Expect(BATCH_MEAN * BATCH_VAR) - Expect(BATCH_MEAN) * Expect(BATCH_VAR)

    def centred_var(throws: Throws, var: Fraction) -> Fraction:
        return spread(throws) - var * (len(throws) - 1) / len(throws)

    return [
        Claim(
            Expect(BATCH_MEAN**2) - Expect(BATCH_MEAN) ** 2,
            of_mean,
            "the variance of the batch's mean",
            trial=enumerated(lambda t, mu, _: (average(t) - mu) ** 2, of_mean),
        ),
        Claim(
            product_,
            mixed,
            "its covariance with the batch's variance: 0 for symmetric data",
            trial=enumerated(lambda t, mu, v: (average(t) - mu) * centred_var(t, v), mixed),
        ),
        Claim(
            Expect(BATCH_VAR**2) - Expect(BATCH_VAR) ** 2,
            of_var,
            "the variance of the batch's variance",
            trial=enumerated(lambda t, _, v: centred_var(t, v) ** 2, of_var),
        ),
        *_noise_of_xhat(of_mean, mixed, of_var),
    ]


def _noise_of_xhat(of_mean: Expr, mixed: Expr, of_var: Expr) -> list[Claim]:
    """To first order, and for eps = 0, xhat moves by -d(mean)/sigma - z d(var)/(2 sigma^2)."""
    mean_, var_ = Symbol("M", real=True), Symbol("V", positive=True)
    sample = mu_X + z * sigma2 ** Rational(1, 2)
    normalized = (sample - mean_) / var_ ** Rational(1, 2)
    here = {mean_: mu_X, var_: sigma2}
    by_mean, by_var = (normalized.diff(name).xreplace(here) for name in (mean_, var_))
    spread_ = by_mean**2 * of_mean + 2 * by_mean * by_var * mixed + by_var**2 * of_var
    skewness, kurtosis = symbols("gamma_3 kappa_4", real=True)
    standard = {kappa3: skewness * sigma2 ** Rational(3, 2), kappa4: (kurtosis - 3) * sigma2**2}
    leading = (1 + z * skewness + z**2 * (kurtosis - 1) / 4) / m
    rest = (
        -z * skewness / m**2
        - z**2 * (kurtosis - 2) / (2 * m**2)
        + z**2 * (kurtosis - 3) / (4 * m**3)
    )
    return [
        Claim(by_mean, -(sigma2 ** Rational(-1, 2)), "the derivative by the mean"),
        Claim(by_var, -z / (2 * sigma2), "and by the variance, for a sample z sigma from the mean"),
        Claim(
            spread_.xreplace(standard),
            leading + rest,
            "so noise falls like 1/m; what is left falls faster",
        ),
    ]


@theorem(
    "merging",
    "Merging the statistics of two parts",
    "Chan's formulas, by which parallel and synchronized batch normalization join their parts.",
    method=Method.CANONICAL_PARTS,
)
def merging() -> list[Claim]:
    first, second = vector("A"), vector("B")
    mean_a, mean_b = over(n_a, lambda i: first[i]) / n_a, over(n_b, lambda i: second[i]) / n_b
    squares_a = over(n_a, lambda i: (first[i] - mean_a) ** 2)
    squares_b = over(n_b, lambda i: (second[i] - mean_b) ** 2)
    count = n_a + n_b
    whole = (over(n_a, lambda i: first[i]) + over(n_b, lambda i: second[i])) / count
    squares = over(n_a, lambda i: (first[i] - whole) ** 2)
    squares += over(n_b, lambda i: (second[i] - whole) ** 2)
    return [
        Claim(whole, mean_a + (mean_b - mean_a) * n_b / count, "the mean of both parts"),
        Claim(
            squares,
            squares_a + squares_b + (mean_b - mean_a) ** 2 * n_a * n_b / count,
            "and their squared deviations, with one term for the distance of the means",
        ),
    ]


@theorem(
    "total-variance",
    "Equal parts",
    "The variance of the whole is the mean of the variances of its parts and the variance of "
    "their means.",
    method=Method.CANONICAL_GROUPS,
)
def total_variance() -> list[Claim]:
    values = vector("Z")

    def part(g: Any) -> Expr:
        return over(m, lambda i: values[g, i]) / m

    grand = over(G, part) / G
    within = over(G, lambda g: over(m, lambda i: (values[g, i] - part(g)) ** 2) / m) / G
    between = over(G, lambda g: (part(g) - grand) ** 2) / G
    whole = over(G, lambda g: over(m, lambda i: (values[g, i] - grand) ** 2)) / (G * m)
    return [Claim(whole, within + between, "within the parts, and between them")]
