"""Truth with activations, added inputs, masks and virtual batches, by ways that share nothing."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from bnproof.engine.contract.choices import ACTIVATIONS, ActivationName
from bnproof.engine.contract.declaration import ContractError, Declaration, declaration_of
from bnproof.engine.judging.expectation import expected
from bnproof.engine.judging.masked import what_counts
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.truth.activations import activation
from bnproof.engine.truth.bounds import ladder
from bnproof.engine.truth.bounds.expected import Expected, Settings

Array = NDArray[Any]
FAR = 20.0
CLOSE = 1e-12
EIGHTH = Fraction(1, 8)
SETTINGS = Settings(2.0**-10, 1 - EIGHTH, EIGHTH)
IN_TORCH: dict[ActivationName, Any] = {
    "none": lambda z: z,
    "relu": torch.relu,
    "leaky_relu": lambda z: functional.leaky_relu(z, 0.2),
    "relu6": functional.relu6,
    "elu": functional.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "mish": functional.mish,
    "hardswish": functional.hardswish,
}
EXACT: dict[ActivationName, Any] = {
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: (
        z * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + 0.044715 * z**3))) / 2
    ),
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
}


def drawn(shape: tuple[int, ...], **more: Any) -> Case:
    """A case of float64 numbers of ordinary size."""
    rng = np.random.default_rng(3)
    c = shape[1]
    return Case(
        "drawn",
        2 * rng.normal(size=shape) + 0.5,
        rng.normal(size=shape),
        rng.uniform(1, 3, c),
        rng.uniform(-1, 1, c),
        rng.uniform(-1, 1, c),
        rng.uniform(0.5, 2, c),
        2.0**-10,
        0.125,
        **more,
    )


def values(subject: Expected, name: str) -> Array:
    """A value of a truth to float64."""
    high, low = subject.quantities.truth.values[name]
    return np.asarray(high + low)


def by_torch(case: Case, name: ActivationName) -> dict[str, Array]:
    """All results by torch's automatic differentiation in float64."""
    x, gamma, beta = (torch.tensor(a, requires_grad=True) for a in (case.x, case.gamma, case.beta))
    added = torch.tensor(
        np.zeros_like(case.x) if case.residual is None else case.residual, requires_grad=True
    )
    z = functional.batch_norm(x, None, None, gamma, beta, True, 0.0, case.eps)
    y = IN_TORCH[name](z + added)
    y.backward(torch.tensor(case.dy))
    found = {"y": y, "dx": x.grad, "dgamma": gamma.grad, "dbeta": beta.grad}
    found["dresidual"] = added.grad
    return {key: a.detach().numpy() for key, a in found.items() if a is not None}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_truth_is_what_automatic_differentiation_gives(name: ActivationName) -> None:
    """Catches a wrong value or slope, and gradients of another dy than the one that passes."""
    residual = np.random.default_rng(4).normal(size=(6, 3, 5))
    case = drawn((6, 3, 5), residual=residual)
    declared = Declaration(
        dtypes=("float64",), activation=name, activation_slope=0.2, residual=True
    )
    subject = expected(declared, case, SETTINGS, "train")

    for output, want in by_torch(case, name).items():
        plain = columns(want) if want.ndim > 1 else want
        assert np.allclose(values(subject, output), plain, rtol=CLOSE, atol=CLOSE), output


@pytest.mark.parametrize("name", sorted(EXACT))
def test_constants_of_smooth_functions_hold(name: ActivationName) -> None:
    """Catches a value or slope that is less accurate, or bends more, than the bounds assume."""
    made = activation(name)
    with mpmath.workdps(40):
        for z in np.linspace(-FAR, FAR, 161):
            at = mpmath.mpf(float(z))
            units = 8 * 2.0**-53 * (1 + abs(z))
            one = np.array([z])
            slope = mpmath.diff(EXACT[name], at, h=mpmath.mpf(2) ** -60) if z else None
            assert abs(made.value(one)[0] - EXACT[name](at)) <= units
            if slope is not None:
                assert abs(made.slope(one)[0] - slope) <= units
                assert abs(slope) <= made.steepest
    fine = np.linspace(-FAR, FAR, 400001)
    bends = np.abs(np.diff(made.slope(fine))) / np.diff(fine)
    assert bends.max() <= made.bend * (1 + 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "none"])
def test_torchs_functions_are_within_the_bounds(name: ActivationName, dtype: str) -> None:
    """Catches a bound that rejects what everybody calls, as softplus above 20 in torch."""
    form = FORMATS[dtype]
    case = drawn((64, 3))
    case = case.with_(
        x=form.round(case.x),
        dy=form.round(case.dy),
        gamma=form.round(np.array([12.0, 1.0, 4.0])),
        beta=form.round(np.linspace(-1, 1, 3)),
        running_mean=form.round(case.running_mean),
        running_var=form.round(case.running_var),
    )
    declared = Declaration(dtypes=(dtype,), activation=name, activation_slope=0.2)
    subject = expected(declared, case, SETTINGS, "train")
    arithmetic = ladder(form, form)["streaming"]

    for output, got in by_torch(case, name).items():
        if output != "dresidual":
            plain = columns(got) if got.ndim > 1 else got
            off = np.abs(plain.astype(np.float64) - values(subject, output))
            assert (off <= subject.bound(arithmetic, output)).all(), output


def test_hardswish_jumps_at_both_ends_only() -> None:
    """Catches bounds of slope and bend that hardswish exceeds between its kinks."""
    made = activation("hardswish")
    for low, high in ((-9.0, -3.0), (-3.0, 3.0), (3.0, 9.0)):
        fine = np.linspace(low, high, 10001)[1:-1]
        slopes = made.slope(fine)
        assert np.allclose(np.diff(made.value(fine)) / np.diff(fine), slopes[1:], atol=1e-3)
        assert np.abs(slopes).max() <= made.steepest
        assert (np.abs(np.diff(slopes)) / np.diff(fine)).max() <= made.bend * (1 + 1e-6)
    for kink in made.kinks:
        sides = made.slope(np.array([kink - 1e-9, kink + 1e-9]))
        assert np.isclose(abs(np.diff(sides)[0]), made.jump)


def test_either_slope_will_do_on_a_kink() -> None:
    """Catches a convention for the slope at 0 that is demanded of everybody."""
    x = np.array([[-1.0], [1.0], [0.0], [0.0]], np.float32)  # xhat of the last two is 0
    one = np.ones(1, np.float32)
    case = Case("kink", x, np.ones_like(x), one, 0 * one, 0 * one, one, 0.5, 0.125)
    declared = Declaration(activation="relu")
    subject = expected(declared, case, SETTINGS, "train")
    arithmetic = ladder(FORMATS["float32"], FORMATS["float32"])["two-pass"]

    assert values(subject, "dbeta").tolist() == [1.0]
    assert 2.0 <= subject.bound(arithmetic, "dbeta")[0] < 2.001


@pytest.mark.parametrize("averages", ["in turn", "together"])
def test_virtual_batches_are_batches_of_their_own(averages: Any) -> None:
    """Catches statistics that are shared, or averages that are moved in another way."""
    case = drawn((12, 3, 2))
    declared = Declaration(dtypes=("float64",), virtual_batch=4, virtual_batch_averages=averages)
    subject = expected(declared, case, SETTINGS, "train")
    gamma, beta = (torch.tensor(a, requires_grad=True) for a in (case.gamma, case.beta))
    moved = [torch.tensor(case.running_mean), torch.tensor(case.running_var)]
    ends, x = [], torch.tensor(case.x, requires_grad=True)
    parts = []
    for begin in range(0, 12, 4):
        own = moved if averages == "in turn" else [torch.tensor(a) for a in _statistics(case)]
        part = x[begin : begin + 4]
        mean, var = own
        parts.append(functional.batch_norm(part, mean, var, gamma, beta, True, 0.125, case.eps))
        ends.append([a.numpy().copy() for a in own])
    y = torch.cat(parts)
    y.backward(torch.tensor(case.dy))  # type: ignore[no-untyped-call]  # of torch
    want = ends[-1] if averages == "in turn" else np.mean(ends, axis=0)

    assert np.allclose(values(subject, "running_mean"), want[0], rtol=CLOSE)
    assert np.allclose(values(subject, "running_var"), want[1], rtol=CLOSE)
    for output, tensor in (("y", y), ("dx", x.grad)):
        assert tensor is not None
        assert np.allclose(values(subject, output), columns(tensor.detach().numpy()), atol=CLOSE)
    for output, tensor in (("dgamma", gamma.grad), ("dbeta", beta.grad)):
        assert tensor is not None
        assert np.allclose(values(subject, output), tensor.numpy(), atol=CLOSE)


def _statistics(case: Case) -> tuple[Array, Array]:
    return case.running_mean, case.running_var


def test_what_a_mask_leaves_is_a_batch() -> None:
    """Catches values that count in another order, or dy that is taken from elsewhere."""
    mask = np.random.default_rng(5).random((6, 5)) < 0.5
    case = drawn((6, 3, 5), mask=mask)
    left = what_counts(case)

    rows = np.moveaxis(case.x, 1, -1)[mask]
    assert np.array_equal(columns(left.x), rows)
    assert left.x.ndim == 3
    assert np.array_equal(columns(left.dy), np.moveaxis(case.dy, 1, -1)[mask])


class _Layer:
    activation = "relu"

    def layer(self, channels: int) -> None: ...


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("activation", "step", "activation = 'step' is not of the contract"),
        ("activation_slope", float("nan"), "activation_slope = nan is not of the contract"),
        ("virtual_batch", 1, "virtual_batch = 1 is not of the contract"),
        ("virtual_batch", 2.5, "virtual_batch = 2.5 is not of the contract"),
        ("virtual_batch_averages", "first", "virtual_batch_averages = 'first'"),
        ("mask", True, "mask = True needs train, which takes mask="),
    ],
)
def test_wrong_declarations_are_told(name: str, value: Any, said: str) -> None:
    """Catches a value that is taken for something else, and a part that cannot be tested."""
    target = _Layer()
    setattr(target, name, value)
    with pytest.raises(ContractError) as raised:
        declaration_of(target)
    assert said in str(raised.value)
