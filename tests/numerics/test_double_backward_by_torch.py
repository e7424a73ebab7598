"""PyTorch's double backward, its own and autodiff's of written formulas, within the bounds."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS, Format
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.oracle import error

Array = NDArray[Any]
Forward = Callable[..., Any]
CASES = 40


def native(x: Any, gamma: Any, beta: Any, given: Any, eps: float) -> Any:
    """The kernel."""
    mean, var = (None, None) if given is None else given
    return torch.nn.functional.batch_norm(x, mean, var, gamma, beta, given is None, 0.1, eps)


def statistics(x: Any, given: Any) -> Any:
    """The mean and the variance that normalise."""
    return (x.mean(0), x.var(0, unbiased=False)) if given is None else given


def reciprocal_root(x: Any, gamma: Any, beta: Any, given: Any, eps: float) -> Any:
    """Centre, rsqrt, scale, shift."""
    mean, var = statistics(x, given)
    return (x - mean) * torch.rsqrt(var + eps) * gamma + beta


def quotient(x: Any, gamma: Any, beta: Any, given: Any, eps: float) -> Any:
    """The variance by centred squares, divided by a root."""
    mean, var = statistics(x, given)
    centred = x - mean
    var = (centred * centred).mean(0) if given is None else var
    return gamma * (centred / torch.sqrt(var + eps)) + beta


def power(x: Any, gamma: Any, beta: Any, given: Any, eps: float) -> Any:
    """A power, whose second derivative is (var + eps)^(-5/2)."""
    mean, var = statistics(x, given)
    return gamma * (x - mean) * (var + eps) ** -0.5 + beta


def folded(x: Any, gamma: Any, beta: Any, given: Any, eps: float) -> Any:
    """A scale and a shift."""
    mean, var = statistics(x, given)
    scale = gamma * torch.rsqrt(var + eps)
    return x * scale + (beta - mean * scale)


FORMS = (native, reciprocal_root, quotient, power, folded)


def double(form: Forward, case: Case, *, inference: bool) -> tuple[Array, ...]:
    """ddy, dx and dgamma by autograd."""
    names = ("x", "gamma", "beta", "dy")
    x, gamma, beta, dy = (torch.tensor(getattr(case, n)).requires_grad_() for n in names)
    kept = [torch.tensor(a) for a in (case.running_mean, case.running_var)]
    y = form(x, gamma, beta, kept if inference else None, case.eps)
    first = torch.autograd.grad(y, (x, gamma, beta), dy, create_graph=True)
    up = [torch.tensor(a) for a in (case.ddx, case.ddgamma, case.ddbeta)]
    second = torch.autograd.grad(first, (dy, x, gamma), up, materialize_grads=True)
    return tuple(each.numpy() for each in second)


def made(rng: np.random.Generator, form: Format) -> Case:
    """A case of small and large N, ordinary, offset, constant, tiny, huge and skewed data."""
    count = int(rng.choice([2, 2, 3, 5, 8, 33, 100]))
    normal = rng.normal(size=(count, 3))
    x = [
        normal,
        normal + 30,
        normal + 1000,
        np.full((count, 3), 0.1),
        np.where(np.arange(count)[:, None] == 0, 64.0, normal),
        normal * 2.0 ** rng.integers(-20, 20),
        normal * 2.0 ** rng.integers(-60, 60),
        np.abs(normal),
    ][int(rng.integers(8))]

    def upstream() -> Array:
        drawn = rng.normal(size=(count, 3))
        spike = np.where(np.arange(count)[:, None] == count // 2, drawn, 0.0)
        like_x = x / max(1e-30, np.abs(x).max())
        scaled = drawn * 2.0 ** rng.integers(-60, 40)
        kinds = [drawn, drawn + 20, np.ones_like(drawn), like_x, spike, scaled]
        return form.round(kinds[int(rng.integers(6))])

    def parameter() -> Array:
        drawn = rng.normal(size=3) * 2.0 ** rng.integers(-4, 4)
        return form.round(drawn if rng.random() < 0.8 else 0 * drawn)

    return Case(
        name="by torch",
        x=form.round(x),
        dy=upstream(),
        gamma=parameter(),
        beta=parameter(),
        running_mean=parameter(),
        running_var=np.abs(parameter()) + form.round(0.01),
        eps=float(rng.choice([2.0**-20, 1e-5, 1e-3, 0.5, 100.0])),
        momentum=0.1,
        ddx=upstream(),
        ddgamma=parameter(),
        ddbeta=parameter(),
    )


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_right_algorithms_are_within_the_bounds(dtype: str, *, inference: bool) -> None:
    """A bound that one of them exceeds would accuse the innocent; one that none nears is slack."""
    form = FORMATS[dtype]
    streaming = ladder(form, form)["streaming"]
    rng = np.random.default_rng(len(dtype) + inference)
    ratios: list[float] = []
    for _ in range(CASES):
        case = made(rng, form)
        settings = Settings(case.eps, Fraction(9, 10), Fraction(1, 10))
        quantities = make_subject(case, settings, inference=inference).quantities
        limits = bounds(streaming, quantities).values
        for each in FORMS:
            got = double(each, case, inference=inference)
            for name, value in zip(DOUBLE, got, strict=True):
                judged = np.isfinite(limits[name])
                off = error(value, quantities.truth.values[name])[judged]
                assert (off <= limits[name][judged]).all(), (name, each.__name__)
                ratios += (off / limits[name][judged]).tolist()

    assert max(ratios) > 1 / 20
    assert len(ratios) > CASES * len(FORMS) * 3  # most of it is judged
