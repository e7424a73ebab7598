"""The contract and the layer of the reference."""

from fractions import Fraction

import numpy as np
import pytest

from bnproof.engine.contract.declaration import declaration_of
from bnproof.reference import BatchNorm

X = np.array([[1.0], [2.0], [3.0], [6.0]], np.float32)  # mean 3, unbiased variance 14/3


def test_declaration_is_of_the_contract() -> None:
    """Catch an attribute that the suite would refuse, or read as something else."""
    declared = declaration_of(BatchNorm(momentum_weighs="old", channel_axis=-1))
    assert declared.methods == ("train", "infer", "layer")
    assert declared.momentum_weighs == "old"
    assert declared.channel_axis == -1
    assert declared.accuracy == "two-pass"
    assert declared.ranks == (2, 3, 4, 5)
    assert declared.cumulative


def test_layer_carries_its_statistics() -> None:
    """Catch a layer that forgets a batch, or evaluates by the batch's statistics."""
    layer = BatchNorm().layer(1, momentum=0.5, eps=0.25)
    layer.train(X)
    layer.train(X)
    state = layer.state()
    var = Fraction(1, 4) + Fraction(3, 4) * Fraction(14, 3)
    assert state["running_mean"].item() == 2.25
    assert state["running_var"].item() == pytest.approx(float(var), rel=1e-6)
    assert state["batches_seen"] == 2
    y, _ = layer.infer(X[:1])
    assert y.item() == pytest.approx((1 - 2.25) / float(var + Fraction(1, 4)) ** 0.5, rel=1e-6)
    assert layer.state()["running_mean"].item() == 2.25


def test_state_is_copied_both_ways() -> None:
    """Catch a state that lives on in the layer, or a layer that lives on in the state."""
    layer = BatchNorm().layer(1, momentum=0.5, eps=0.25)
    state = layer.state()
    state["gamma"][:] = 7
    assert layer.state()["gamma"].item() == 1
    layer.load(state)
    state["gamma"][:] = 9
    assert layer.state()["gamma"].item() == 7


def test_backward_outlives_later_calls() -> None:
    """Catch a backward that reads the layer's state as it is later."""
    layer = BatchNorm().layer(1, momentum=0.5, eps=0.25, dtype="float64")
    dy = np.array([[1.0], [0.0], [-2.0], [3.0]])
    _, backward = layer.train(X.astype(np.float64))
    first = backward(dy)
    layer.train(100 * X.astype(np.float64))
    layer.load({"gamma": np.array([5.0])})
    for before, after in zip(first, backward(dy), strict=True):
        assert before is not None
        np.testing.assert_array_equal(before, after)


def test_errors_leave_the_state() -> None:
    """Catch a batch that is counted, or half loaded, though it was refused."""
    layer = BatchNorm().layer(1, momentum=None, eps=0.25)
    layer.train(X)
    before = layer.state()
    with pytest.raises(ValueError, match="1 value per channel"):
        layer.train(X[:1])
    with pytest.raises(ValueError, match="running_var has shape"):
        layer.load({"gamma": np.array([5.0]), "running_var": np.ones(2)})
    assert layer.state() == before


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_parameters_are_float64_for_float64_alone(dtype: str) -> None:
    """Catch 16-bit parameters, which the declaration does not have."""
    due = "float64" if dtype == "float64" else "float32"
    state = BatchNorm().layer(2, momentum=0.5, eps=0.25, dtype=dtype).state()
    assert {value.dtype.name for name, value in state.items() if name != "batches_seen"} == {due}
