"""Exact double backward, in the integers and letters of `bnproof.engine.truth.oracle`.

With v = ddx, v_i = V_i 2^q, T' = sum V, P' = sum V D and S = n sum U V - k T T', the gradients of
L = <v, dx> + <ddgamma, dgamma> + <ddbeta, dbeta> are (theorem "double-backward"), per channel:

    ddy_i  = 2^(-f/2) / (W sqrt(W)) { gamma 2^q [(n V_i - k T') W - j D_i P' 2^(2c - f)]
                                      + ddgamma 2^c D_i W } + ddbeta
    dgamma = 2^(u + q - f/2) / (W sqrt(W)) [S W - j P P' 2^(2c - f)]
    dx_i   = 2^(u - f/2) / (W^2 sqrt(W)) { ddgamma W [(n U_i - k T) W - j D_i P 2^(2c - f)]
             - gamma j 2^(q + c - f) [(D_i S + (n U_i - k T) P' + (n V_i - k T') P) W
                                      - 3 j D_i P P' 2^(2c - f)] }

The theorem is about k = j = 1.  With b = N / (N - 1), normalising by b var + eps is the same with
gamma / sqrt(b), ddgamma / sqrt(b) and eps / b (theorem "unbiased-normalisation"), where xhat is
sqrt(b) times and dgamma sqrt(b) times what it is here; put in, that is k = N - 1 and j = N.

In inference, where the statistics do not depend on x (theorem "double-backward-inference"), with
1 / sqrt(var + eps) = 2^(-f/2) / sqrt(W):

    ddy_i  = 2^(-f/2) / sqrt(W) (gamma 2^q V_i + ddgamma 2^c D_i) + ddbeta
    dgamma = 2^(u + q - f/2) / sqrt(W) sum U V
    dx_i   = 2^(u - f/2) / sqrt(W) ddgamma U_i
"""

from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.integers import Exact, integers, quotients, shifted
from bnproof.engine.truth.oracle import Channels, all_finite, channels_of, finite, where

Term = tuple[Array, Array]
"""Integers and an exponent per channel."""


@dataclass(frozen=True)
class DoubleTruth:
    """Exact results of double backward, and those of backward at ddx, which bounds are made of.

    Attributes:
        values: by the names of `DOUBLE`.
        at_ddx: dx, dgamma and dbeta of backward(ddx).
    """

    values: dict[str, Exact]
    at_ddx: dict[str, Exact]


def double_truth(
    x: Array,
    gamma: Array,
    eps: float,
    dy: Array,
    upstream: tuple[Array, Array, Array],
    *,
    statistics: tuple[Array, Array] | None = None,
    unbiased: bool = False,
) -> DoubleTruth:
    """Exact ddy, dx and dgamma of double backward at ``upstream`` (ddx, ddgamma, ddbeta).

    x, dy and ddx are (N, C), all else (C,); of inference where ``statistics`` are given, of
    training that normalises by the unbiased variance where that is asked for.  A channel with a
    non-finite input, or with var + eps = 0, is NaN throughout.

    >>> x, dy, one = np.array([[-1.0], [1.0]]), np.array([[1.0], [3.0]]), np.ones(1)
    >>> truth = double_truth(x, one, 3.0, dy, (dy, 0 * one, 0 * one))
    >>> [truth.values[name][0].ravel().tolist() for name in DOUBLE]
    [[-0.375, 0.375], [0.28125, -0.28125], [0.75]]
    """
    given = [] if statistics is None else [np.asarray(s, np.float64) for s in statistics]
    wide = [np.asarray(a, np.float64) for a in (x, dy, upstream[0])]
    parameters = [np.asarray(a, np.float64) for a in (gamma, *upstream[1:])]
    fine = np.logical_and.reduce([all_finite(a) for a in wide])
    fine = fine & all_finite(np.stack([*parameters, *given]))
    x, dy, ddx = (finite(a, fine) for a in wide)
    gamma, ddgamma, ddbeta = (finite(a, fine) for a in parameters)
    channels = channels_of(x, [finite(s, fine) for s in given], eps, unbiased=unbiased)
    held = fine & channels.positive
    channels.w[~held] = 1  # anything that has a root; replaced by NaN below
    form = _trained if channels.training else _inferred
    terms = [integers(a) for a in (dy, ddx)]
    per_channel = [integers(a[None]) for a in (gamma, ddgamma, ddbeta)]
    values = form(channels, *terms, *[(whole[0], e) for whole, e in per_channel])
    at_ddx = channels.gradients(ddx, gamma)
    return DoubleTruth(
        {name: where(held, value) for name, value in values.items()},
        {name: where(held, value) for name, value in at_ddx.items()},
    )


def _added(*terms: Term) -> Term:
    """The sum of terms, at the lowest of their exponents."""
    lowest = terms[0][1]
    for _, exponent in terms[1:]:
        lowest = np.minimum(lowest, exponent)
    return sum(shifted(whole, exponent - lowest) for whole, exponent in terms), lowest


def _per_channel(value: Exact) -> Exact:
    return value[0][0], value[1][0]


def _trained(
    channels: Channels, dy: Term, ddx: Term, gamma: Term, ddgamma: Term, ddbeta: Term
) -> dict[str, Exact]:
    (up, u), (back, q) = dy, ddx
    (g, g_e), (a, a_e), (b, b_e) = gamma, ddgamma, ddbeta
    n, k, j = channels.n, channels.k, channels.j
    d, w, root = channels.D, channels.w, channels.root[0]
    share, scale = 2 * channels.c - channels.f, channels.scale
    t, t_back = up.sum(axis=0), back.sum(axis=0)
    p, p_back = (up * d).sum(axis=0), (back * d).sum(axis=0)
    s = n * (up * back).sum(axis=0) - k * t * t_back
    centred, centred_back = n * up - k * t, n * back - k * t_back
    residual = centred * w - j * d * shifted(p, share)
    residual_back = centred_back * w - j * d * shifted(p_back, share)
    both = j * shifted(p * p_back, share)
    ddy = _added(
        (g * residual_back, g_e + q + scale),
        (a * d * w, a_e + channels.c + scale),
        (b * root * w + 0 * d, b_e),
    )
    bracket = (d * s + centred * p_back + centred_back * p) * w - 3 * d * both
    dx = _added(
        (-g * j * bracket, g_e + u + q + channels.c - channels.f + scale),
        (a * residual * w, a_e + u + scale),
    )
    dgamma = quotients((s * w - both)[None], root * w, u + q + scale)
    values = (
        quotients(ddy[0], root * w, ddy[1]),
        quotients(dx[0], root * w * w, dx[1]),
        _per_channel(dgamma),
    )
    return dict(zip(DOUBLE, values, strict=True))


def _inferred(
    channels: Channels, dy: Term, ddx: Term, gamma: Term, ddgamma: Term, ddbeta: Term
) -> dict[str, Exact]:
    (up, u), (back, q) = dy, ddx
    (g, g_e), (a, a_e), (b, b_e) = gamma, ddgamma, ddbeta
    root, scale = channels.root[0], channels.scale
    ddy = _added(
        (g * back, g_e + q + scale),
        (a * channels.D, a_e + channels.c + scale),
        (b * root + 0 * back, b_e),
    )
    dgamma = quotients((up * back).sum(axis=0)[None], root, u + q + scale)
    values = (
        quotients(ddy[0], root, ddy[1]),
        quotients(a * up, root, a_e + u + scale),
        _per_channel(dgamma),
    )
    return dict(zip(DOUBLE, values, strict=True))
