"""Activations behind an object: each is known by what it does; nothing else is taken for one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from bnproof.engine.contract.choices import ACTIVATIONS
from bnproof.engine.contract.declaration import declaration_of
from bnproof.recognition.errors import Unusable
from bnproof.recognition.objects.build import build

Activation = Callable[[Tensor], Tensor]

KNOWN: dict[str, Activation] = {
    "relu": torch.relu,
    "relu6": functional.relu6,
    "elu": functional.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda y: functional.gelu(y, approximate="tanh"),
    "mish": functional.mish,
    "hardswish": functional.hardswish,
}


def subclass(activation: Activation, **fixed: Any) -> type[nn.Module]:
    """A class derived from torch's whose y is activated."""

    class Activated(nn.BatchNorm2d):
        def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
            super().__init__(channels, eps, momentum, **fixed)

        def forward(self, x: Tensor) -> Tensor:
            return activation(super().forward(x))

    return Activated


def made_of(target: Any) -> Any:
    """The first implementation of a target."""
    return build(target)[0]


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_each_activation_is_known_by_what_it_does(name: str) -> None:
    """Catches roles that an activation hides, and one that is taken for another."""
    made = made_of(subclass(KNOWN[name]))

    assert declaration_of(made).activation == name
    assert {"gamma", "beta", "running_mean", "running_var"} <= set(made.recognition.roles)
    assert made.recognition.unidentified == ()
    assert made.recognition.remarks == ()


def test_every_activation_of_the_contract_is_tried() -> None:
    """Catches one that is added to the contract and not looked for."""
    assert {*KNOWN, "none", "leaky_relu"} == set(ACTIVATIONS)


@pytest.mark.parametrize("slope", [0.01, 0.2, 0.3, 1 / 3, 0.25, -0.5])
def test_the_slope_is_what_is_written(slope: float) -> None:
    """Catches a slope that is off by rounding, so that float64 fails."""
    made = made_of(subclass(lambda y: functional.leaky_relu(y, slope)))
    declared = declaration_of(made)

    assert declared.activation == "leaky_relu"
    assert declared.activation_slope == pytest.approx(slope, rel=1e-12)


def test_a_slope_that_the_object_holds_is_taken_to_all_digits() -> None:
    """Catches a measured slope in place of the one that is used."""

    class Held(nn.BatchNorm2d):
        def __init__(self, num_features: int, *, slope: float = 0.123456789, **more: Any) -> None:
            super().__init__(num_features, **more)
            self.slope = slope

        def forward(self, x: Tensor) -> Tensor:
            return functional.leaky_relu(super().forward(x), self.slope)

    assert declaration_of(made_of(Held)).activation_slope == 0.123456789


@pytest.mark.parametrize("name", ["relu", "silu", "tanh"])
def test_without_parameters_an_activation_is_known_as_well(name: str) -> None:
    """Catches a module without affine parameters that is refused or accused."""
    declared = declaration_of(made_of(subclass(KNOWN[name], affine=False)))

    assert (declared.activation, declared.affine_parameters) == (name, "none")


@pytest.mark.parametrize("unknown", [nn.CELU(alpha=2.0), nn.Softplus(beta=2), nn.ELU(alpha=0.5)])
def test_an_unknown_activation_is_refused(unknown: nn.Module) -> None:
    """Catches a right module that fails every property since its activation is not known."""
    with pytest.raises(Unusable, match="none that a check knows"):
        build(subclass(unknown))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda y: y,
        lambda y: 2 * y,
        lambda y: y.clamp(-1, 1),
        lambda y: y - y.mean(1, keepdim=True),
        lambda y: torch.where(torch.arange(y.shape[1])[:, None, None] > 0, y, 2 * y),
    ],
)
def test_what_is_no_activation_is_judged_as_it_is(wrong: Activation) -> None:
    """Catches a mistake that is explained away as an activation."""
    assert declaration_of(made_of(subclass(wrong))).activation == "none"


def test_a_wrong_norm_is_seen_before_its_activation() -> None:
    """Catches a variance that is wrong and hides the activation, or is hidden by it."""

    class Wrong(nn.BatchNorm2d):
        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                return functional.silu(super().forward(x))
            mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
            y = (x - mean) / torch.sqrt(var + self.eps)
            return functional.silu(y * self.weight[:, None, None] + self.bias[:, None, None])

    assert declaration_of(made_of(Wrong)).activation == "silu"


def test_a_block_of_a_norm_and_an_activation_is_judged_as_a_whole() -> None:
    """Catches a known activation behind an inner norm that goes unchecked."""
    made = made_of(lambda channels: nn.Sequential(nn.BatchNorm2d(channels), nn.SiLU()))

    assert declaration_of(made).activation == "silu"
    x = np.random.default_rng(0).normal(size=(4, 3, 2, 2))
    one, zero = np.ones(3), np.zeros(3)
    y, *_ = made.train(x, one, zero, zero, one, momentum=0.5, eps=made.fixed["eps"])
    plain = functional.batch_norm(torch.from_numpy(x), None, None, training=True)
    np.testing.assert_allclose(y, functional.silu(plain).numpy(), rtol=1e-9)
