"""Mistakes of the catalogue's families, each rejected by a property that the test names."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bnproof.check.one_implementation import check
from bnproof.engine.execution.in_process import InProcess
from bnproof.properties.catalogue import chosen
from bnproof.selftest.rejection import first_failures

Array = NDArray[Any]


class Parts:
    """A plain batch normalization in parts, each of which a mistake can replace."""

    dtypes: tuple[str, ...] = ("float32",)
    ranks: tuple[int, ...] = (2, 4)

    def axes(self, x: Array) -> tuple[int, ...]:
        """The axes of a channel's statistics."""
        return (0, *range(2, x.ndim))

    def spread(self, a: Array, x: Array) -> Array:
        """A per-channel array, broadcastable against x."""
        return a.reshape(1, -1, *(1,) * (x.ndim - 2))

    def mean(self, x: Array) -> Array:
        """The mean of each channel."""
        return np.asarray(x.mean(self.axes(x)))

    def var(self, x: Array, mean: Array) -> Array:
        """The variance that normalises."""
        return np.asarray(((x - self.spread(mean, x)) ** 2).mean(self.axes(x)))

    def inv_std(self, var: Array, eps: float) -> Array:
        """1 / sqrt(var + eps)."""
        return np.asarray(1 / np.sqrt(var + var.dtype.type(eps)))

    def y(self, xhat: Array, gamma: Array, beta: Array) -> Array:
        """Scale and shift."""
        return xhat * self.spread(gamma, xhat) + self.spread(beta, xhat)

    def running(self, old: Array, new: Array, momentum: float) -> Array:
        """One step of an average."""
        weight = old.dtype.type(momentum)
        return np.asarray((1 - weight) * old + weight * new)

    def bessel(self, var: Array, count: int) -> Array:
        """The variance that the running average takes."""
        return np.asarray(var * var.dtype.type(count / (count - 1)))

    def dx(self, dy: Array, xhat: Array, scale: Array, dbeta: Array, dgamma: Array) -> Array:
        """The closed form."""
        count = dy.size // dy.shape[1]
        terms = self.spread(dbeta, dy) + xhat * self.spread(dgamma, dy)
        return np.asarray(self.spread(scale, dy) * (dy - terms / count))

    def dgamma(self, dy: Array, xhat: Array) -> Array:
        """The gradient of gamma."""
        return np.asarray((dy * xhat).sum(self.axes(dy)))

    def dbeta(self, dy: Array) -> Array:
        """The gradient of beta."""
        return np.asarray(dy.sum(self.axes(dy)))

    def double(
        self, dy: Array, ddx: Array, xhat: Array, inv_std: Array, gamma: Array, ddgamma: Array
    ) -> tuple[Array, Array, Array]:
        """Double backward but for ddbeta, from what backward leaves of dy and ddx."""
        axes = self.axes(dy)

        def split(a: Array) -> tuple[Array, Array]:
            along = self.spread((a * xhat).mean(axes), a)
            return along, a - self.spread(a.mean(axes), a) - xhat * along

        scale, weight = self.spread(gamma * inv_std, dy), self.spread(ddgamma, dy)
        (a, rest_dy), (b, rest_ddx) = split(dy), split(ddx)
        common = (rest_dy * ddx).mean(axes)
        inner = xhat * self.spread(common, dy) + rest_dy * b + rest_ddx * a
        dx = self.spread(inv_std, dy) * (weight * rest_dy - scale * inner)
        count = np.float32(dy.size // dy.shape[1])
        return scale * rest_ddx + weight * xhat, dx, count * inv_std * common

    def train(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float,
        eps: float,
    ) -> Any:
        """A training call, from the parts."""
        count = x.size // x.shape[1]
        if count < 2:
            message = "one value per channel"
            raise ValueError(message)
        mean = self.mean(x)
        var = self.var(x, mean)
        inv_std = self.inv_std(var, eps)
        xhat = (x - self.spread(mean, x)) * self.spread(inv_std, x)

        def backward(dy: Array) -> tuple[Array, Array, Array]:
            dbeta, dgamma = self.dbeta(dy), self.dgamma(dy, xhat)
            return self.dx(dy, xhat, gamma * inv_std, dbeta, dgamma), dgamma, dbeta

        def double(dy: Array, ddx: Array, ddgamma: Array, ddbeta: Array) -> tuple[Array, ...]:
            ddy, *rest = self.double(dy, ddx, xhat, inv_std, gamma, ddgamma)
            return ddy + self.spread(ddbeta, dy), *rest

        backward.double = double  # type: ignore[attr-defined]  # as the contract has it
        return (
            self.y(xhat, gamma, beta),
            self.running(running_mean, mean, momentum),
            self.running(running_var, self.bessel(var, count), momentum),
            backward,
        )

    def infer(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> Any:
        """An inference call, from the parts."""
        inv_std = self.inv_std(running_var, eps)
        xhat = (x - self.spread(running_mean, x)) * self.spread(inv_std, x)

        def backward(dy: Array) -> tuple[Array, Array, Array]:
            dx = dy * self.spread(gamma * inv_std, dy)
            return dx, (dy * xhat).sum(self.axes(dy)), dy.sum(self.axes(dy))

        return self.y(xhat, gamma, beta), running_mean, running_var, backward


def _square(self: Parts, var: Array, eps: float) -> Any:
    return 1 / (var + var.dtype.type(eps))


def _eps_outside(self: Parts, var: Array, eps: float) -> Any:
    return 1 / (np.sqrt(var) + var.dtype.type(eps))


def _no_eps(self: Parts, var: Array, eps: float) -> Any:
    return 1 / np.sqrt(var)


def _max_eps(self: Parts, var: Array, eps: float) -> Any:
    return 1 / np.sqrt(np.maximum(var, var.dtype.type(eps)))


def _one_pass(self: Parts, x: Array, mean: Array) -> Any:
    return np.maximum((x * x).mean(self.axes(x)) - mean * mean, 0)


def _unbiased_var(self: Parts, x: Array, mean: Array) -> Any:
    return x.var(self.axes(x), ddof=1)


def _tail_dropped(self: Parts, x: Array) -> Any:
    whole = len(x) - len(x) % 8 if len(x) > 8 else len(x)
    return x[:whole].mean(self.axes(x))


def _first_64_channels(self: Parts, xhat: Array, gamma: Array, beta: Array) -> Any:
    gamma = np.where(np.arange(len(gamma)) < 64, gamma, 1).astype(gamma.dtype)
    return xhat * self.spread(gamma, xhat) + self.spread(beta, xhat)


def _absolute_gamma(self: Parts, xhat: Array, gamma: Array, beta: Array) -> Any:
    return xhat * self.spread(np.abs(gamma), xhat) + self.spread(beta, xhat)


def _no_beta(self: Parts, xhat: Array, gamma: Array, beta: Array) -> Any:
    return xhat * self.spread(gamma, xhat)


def _last_axis(self: Parts, xhat: Array, gamma: Array, beta: Array) -> Any:
    if xhat.ndim == 4 and xhat.shape[1] == xhat.shape[3]:
        return xhat * gamma + beta
    return xhat * self.spread(gamma, xhat) + self.spread(beta, xhat)


def _axes_without_batch(self: Parts, x: Array) -> tuple[int, ...]:
    return (
        tuple(range(2, x.ndim))
        if x.ndim == 4 and x.shape[2] * x.shape[3] > 1
        else (0, 2, 3)[: x.ndim - 1]
    )


def _swapped(self: Parts, old: Array, new: Array, momentum: float) -> Any:
    weight = old.dtype.type(momentum)
    return (1 - weight) * new + weight * old


def _never(self: Parts, old: Array, new: Array, momentum: float) -> Any:
    return old.copy()


def _last_only(self: Parts, old: Array, new: Array, momentum: float) -> Any:
    return new


def _biased(self: Parts, var: Array, count: int) -> Any:
    return var


def _no_terms(self: Parts, dy: Array, xhat: Array, scale: Array, *sums: Array) -> Any:
    return dy * self.spread(scale, dy)


def _no_dvar(self: Parts, dy: Array, xhat: Array, scale: Array, db: Array, dg: Array) -> Any:
    return self.spread(scale, dy) * (dy - self.spread(db, dy) / (dy.size // dy.shape[1]))


def _no_dmean(self: Parts, dy: Array, xhat: Array, scale: Array, db: Array, dg: Array) -> Any:
    return self.spread(scale, dy) * (dy - xhat * self.spread(dg, dy) / (dy.size // dy.shape[1]))


def _n_minus_1(self: Parts, dy: Array, xhat: Array, scale: Array, db: Array, dg: Array) -> Any:
    terms = self.spread(db, dy) + xhat * self.spread(dg, dy)
    return self.spread(scale, dy) * (dy - terms / (dy.size // dy.shape[1] - 1))


def _in_place_dy(self: Parts, dy: Array, xhat: Array, scale: Array, db: Array, dg: Array) -> Any:
    right = Parts.dx(self, dy, xhat, scale, db, dg)
    dy *= 2
    return right


def _mean_dgamma(self: Parts, dy: Array, xhat: Array) -> Any:
    return (dy * xhat).mean(self.axes(dy))


def _mean_dbeta(self: Parts, dy: Array) -> Any:
    return dy.mean(self.axes(dy))


def _dbeta_by_memory(self: Parts, dy: Array) -> Any:
    if not dy.flags.c_contiguous:
        dy = dy.ravel(order="K").reshape(dy.shape)
    return dy.sum(self.axes(dy))


def _small_dgamma_is_zero(self: Parts, dy: Array, xhat: Array) -> Any:
    right = Parts.dgamma(self, dy, xhat)
    return np.where(np.abs(right) < 1e-12, 0, right).astype(right.dtype)


def _nan_hidden(self: Parts, x: Array) -> Any:
    return np.asarray(np.nan_to_num(x).mean(self.axes(x)))


def _count_in_8_bits(self: Parts, x: Array) -> Any:
    count = (x.size // x.shape[1]) % 256 or 256
    return (x.sum(self.axes(x)) / count).astype(x.dtype)


def _no_ddgamma(
    self: Parts, dy: Array, ddx: Array, xhat: Array, inv_std: Array, gamma: Array, _: Array
) -> Any:
    return Parts.double(self, dy, ddx, xhat, inv_std, gamma, np.zeros_like(gamma))


def _no_third_term(
    self: Parts, dy: Array, ddx: Array, xhat: Array, inv_std: Array, gamma: Array, u: Array
) -> Any:
    ddy, dx, dgamma = Parts.double(self, dy, ddx, xhat, inv_std, gamma, u)
    common = gamma * inv_std * dgamma / (dy.size // dy.shape[1])
    return ddy, dx + xhat * self.spread(common, dy), dgamma


def _wide_result(self: Parts, xhat: Array, gamma: Array, beta: Array) -> Any:
    return Parts.y(self, xhat, gamma, beta).astype(np.float64)


def _infer_with_batch(
    self: Parts, x: Array, gamma: Array, beta: Array, *rest: Array, eps: float
) -> Any:
    mean = self.mean(x)
    xhat = (x - self.spread(mean, x)) * self.spread(self.inv_std(self.var(x, mean), eps), x)
    return self.y(xhat, gamma, beta), *rest, None


def _infer_updates(self: Parts, *arrays: Array, eps: float) -> Any:
    y, mean, var, backward = Parts.infer(self, *arrays, eps=eps)
    return y, mean * 0.5, var, backward


def _infer_swapped(
    self: Parts, x: Array, gamma: Array, beta: Array, mean: Array, var: Array, *, eps: float
) -> Any:
    y, _, _, backward = Parts.infer(self, x, gamma, beta, var, np.abs(mean), eps=eps)
    return y, mean, var, backward


def _cached_scale(self: Any, var: Array, eps: float) -> Any:
    if getattr(self, "held", None) is None or len(self.held) != len(var):
        self.held = Parts.inv_std(self, var, eps)
    return np.asarray(self.held)


MISTAKES: dict[str, tuple[str, Callable[..., Any], str]] = {
    "divided by the variance": ("inv_std", _square, "forward/agreement"),
    "eps outside the root": ("inv_std", _eps_outside, "forward/unit-variance"),
    "no eps": ("inv_std", _no_eps, "forward/unit-variance"),
    "the larger of var and eps": ("inv_std", _max_eps, "inference/agreement"),
    "cached between calls": ("inv_std", _cached_scale, "inference/agreement"),
    "one-pass variance": ("var", _one_pass, "forward/agreement"),
    "normalised by the unbiased variance": ("var", _unbiased_var, "forward/duplicated-batch"),
    "the tail of a vector loop dropped": ("mean", _tail_dropped, "forward/zero-mean"),
    "NaN hidden": ("mean", _nan_hidden, "forward/nonfinite-confinement"),
    "the count in 8 bits": ("mean", _count_in_8_bits, "forward/zero-mean"),
    "gamma for 64 channels only": ("y", _first_64_channels, "forward/agreement"),
    "absolute gamma": ("y", _absolute_gamma, "forward/agreement"),
    "no beta": ("y", _no_beta, "forward/zero-mean"),
    "broadcast along the last axis": ("y", _last_axis, "forward/agreement"),
    "a wider dtype": ("y", _wide_result, "forward/dtype-and-shape"),
    "instance normalization": ("axes", _axes_without_batch, "forward/agreement"),
    "momentum the other way round": ("running", _swapped, "running/one-step"),
    "statistics never updated": ("running", _never, "running/convergence"),
    "statistics of the last batch": ("running", _last_only, "running/many-steps"),
    "biased running variance": ("bessel", _biased, "running/bias-convention"),
    "dx of an affine map": ("dx", _no_terms, "backward/sum-zero"),
    "dx without the variance's part": ("dx", _no_dvar, "backward/finite-differences"),
    "dx without the mean's part": ("dx", _no_dmean, "backward/bias-in-front"),
    "dx with N - 1": ("dx", _n_minus_1, "backward/weight-in-front"),
    "dy overwritten": ("dx", _in_place_dy, "backward/inputs-unchanged"),
    "dgamma by the mean": ("dgamma", _mean_dgamma, "backward/along-xhat"),
    "dbeta by the mean": ("dbeta", _mean_dbeta, "backward/dbeta-is-sum"),
    "dy read without its strides": ("dbeta", _dbeta_by_memory, "forward/strides"),
    "ddgamma left out of double backward": ("double", _no_ddgamma, "backward/double-backward"),
    "inv_std constant in double": ("double", _no_third_term, "backward/double-backward"),
    "small gradients flushed": ("dgamma", _small_dgamma_is_zero, "backward/agreement"),
    "batch statistics in inference": ("infer", _infer_with_batch, "inference/single-example"),
    "statistics moved by inference": ("infer", _infer_updates, "running/untouched-by-inference"),
    "mean and variance swapped": ("infer", _infer_swapped, "inference/folding"),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_mistake_is_rejected_by(mistake: str) -> None:
    """The property that is there for a mistake has to see it."""
    member, replacement, due = MISTAKES[mistake]
    wrong = type("Wrong", (Parts,), {member: replacement})

    assert first_failures(wrong(), "float32", chosen((due,))) == [due]


@pytest.mark.parametrize("mistake", [name for name, of in MISTAKES.items() if of[0] == "double"])
def test_mistake_in_double_backward_is_seen_by_it_alone(mistake: str) -> None:
    """Catches a property of forward or backward that a wrong double backward violates."""
    member, replacement, due = MISTAKES[mistake]
    assert _violated(type("Wrong", (Parts,), {member: replacement})()) == {due}


def test_the_parts_are_right() -> None:
    """Otherwise every mistake is rejected for the wrong reason."""
    assert _violated(Parts()) == set()


def _violated(implementation: Any) -> set[str]:
    with np.errstate(all="ignore"):
        session = InProcess(implementation).try_out()
        results = check(session, session.declaration, profile="quick").results
    return {r.property for r in results if r.verdict == "fail"}
