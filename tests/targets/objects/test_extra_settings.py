"""What modules take beside x, and ghost batches: known by what they do, left alone otherwise."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnproof.engine.contract.declaration import declaration_of
from bnproof.recognition.objects.build import build


class Added(nn.BatchNorm2d):
    """bn_add_relu."""

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        """Normalise, add and rectify."""
        y = super().forward(x)
        return torch.relu(y if z is None else y + z)


class Required(nn.Module):
    """The added input has no default."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(num_features, eps=eps, momentum=momentum)

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        """Normalise and add."""
        y: Tensor = self.bn(x)
        return y + shortcut


class AddedBehind(nn.BatchNorm2d):
    """Right, but another function: the sum is not activated."""

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Normalise, rectify and add."""
        y = torch.relu(super().forward(x))
        return y if residual is None else y + residual


class AddedBefore(nn.BatchNorm2d):
    """Right, but another function: the sum is normalised."""

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Add and normalise."""
        return super().forward(x if residual is None else x + residual)


class Masked(nn.BatchNorm1d):
    """Sequences, of which the mask says what counts."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise what counts."""
        if mask is None or not self.training:
            return super().forward(x)
        rows = x.transpose(1, 2)
        made = torch.zeros_like(rows)
        made[mask] = super().forward(rows[mask])
        return made.transpose(1, 2)


class Padded(Masked):
    """The mask has an axis of channels, and is True where there is padding."""

    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        """Normalise what is no padding."""
        return super().forward(x, None if key_padding_mask is None else ~key_padding_mask[:, 0])


class Unused(nn.BatchNorm1d):
    """Takes a mask for the sake of its interface."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise everything."""
        del mask
        return super().forward(x)


class Ghost(nn.Module):
    """Ghost batches of a number of samples."""

    def __init__(self, num_features: int, virtual_batch_size: int = 8) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(num_features)
        self.virtual_batch_size = virtual_batch_size

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each part."""
        if not self.training:
            return self.bn(x)  # type: ignore[no-any-return]  # a module's call
        return torch.cat([self.bn(part) for part in torch.split(x, self.virtual_batch_size)])


class NotGhost(Ghost):
    """A number of that name, and no ghost batches."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise everything."""
        return self.bn(x)  # type: ignore[no-any-return]  # a module's call


@pytest.mark.parametrize(
    ("target", "residual", "mask", "activation"),
    [
        (Added, True, False, "relu"),
        (Required, True, False, "none"),
        (AddedBehind, False, False, "relu"),
        (AddedBefore, False, False, "none"),
        (Masked, False, True, "none"),
        (Padded, False, True, "none"),
        (Unused, False, False, "none"),
    ],
)
def test_what_forward_takes_is_known_by_what_it_does(
    target: Any, residual: bool, mask: bool, activation: str
) -> None:
    """Catches an argument that is not tried, and one that is taken for another function."""
    (made, *_) = build(target)
    found = declaration_of(made)

    assert (found.residual, found.mask, found.activation) == (residual, mask, activation)
    if not residual and not mask:
        assert any("keeps its default: it is not checked" in r for r in made.recognition.remarks)


def test_calls_have_the_gradient_of_what_is_added() -> None:
    """Catches an added input without a gradient, and one that never reaches the module."""
    (made, *_) = build(Added)
    rng = np.random.default_rng(0)
    x, r = rng.normal(size=(2, 4, 3, 2, 2))
    one, zero = np.ones(3), np.zeros(3)
    y, _, _, backward = made.train(x, one, zero, zero, one, momentum=0.5, eps=0.5, residual=r)
    plain, *_ = made.train(x, one, zero, zero, one, momentum=0.5, eps=0.5, residual=0 * r + 9)

    np.testing.assert_allclose(y, np.maximum(plain - 9 + r, 0), atol=1e-12)
    dx, _, _, dresidual = backward(np.ones_like(x))
    np.testing.assert_array_equal(dresidual, (y > 0).astype(float))
    assert dx.shape == x.shape


def test_calls_are_given_the_form_of_mask_that_the_module_takes() -> None:
    """Catches a mask that is upside down."""
    rng = np.random.default_rng(1)
    x, mask = rng.normal(size=(5, 3, 4)), rng.random((5, 4)) < 0.6
    one, zero = np.ones(3), np.zeros(3)
    results = [
        build(kind)[0].train(x, one, zero, zero, one, momentum=0.5, eps=0.5, mask=mask)
        for kind in (Masked, Padded)
    ]

    for got, expected in zip(results[0][:3], results[1][:3], strict=True):
        np.testing.assert_array_equal(got, expected)
    rows = np.moveaxis(x, 1, -1)[mask]
    np.testing.assert_allclose(results[0][1], rows.mean(0) / 2, rtol=1e-12)


def test_ghost_batches_are_known_by_what_they_do() -> None:
    """Catches a right module that fails since its batches are split, and a name that decides."""
    found = [declaration_of(build(kind)[0]) for kind in (Ghost, NotGhost)]

    assert [each.virtual_batch for each in found] == [8, None]
    assert found[0].virtual_batch_averages == "in turn"
