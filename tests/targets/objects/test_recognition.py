"""What objects are recognised as: a wrong role or rank makes every verdict on them wrong."""

import functools
from typing import Any

import numpy as np
import pytest
import torch
from tests.targets.objects import written
from torch import nn

from bnproof.engine.contract.declaration import declaration_of
from bnproof.recognition.objects.build import build
from bnproof.recognition.recognised import Part, Recognition


def recognised(target: Any) -> Recognition:
    """The recognition of a target's first implementation."""
    found: Recognition = build(target)[0].recognition
    return found


ROLES = {
    written.Rows: {
        "gamma": "scale",
        "beta": "shift",
        "running_mean": "avg",
        "running_var": "spread",
        "momentum": "rho",
    },
    written.Frozen: {
        "gamma": "weight",
        "beta": "bias",
        "running_mean": "running_mean",
        "running_var": "running_var",
        "eps": "eps",
    },
    written.BlockWithConvolution: {
        "gamma": "weight",
        "beta": "bias",
        "running_mean": "running_mean",
        "running_var": "running_var",
        "eps": "eps",
        "momentum": "momentum",
    },
}


@pytest.mark.parametrize("target", list(ROLES))
def test_roles(target: Any) -> None:
    """Catch an array that is taken for another, or for an intermediate."""
    assert recognised(target).roles == ROLES[target]


def test_names_stand_where_behaviour_disagrees() -> None:
    """Catch a mistake that is explained away as another convention."""
    swapped = recognised(written.SwappedNames)
    assert (swapped.roles["gamma"], swapped.roles["beta"]) == ("gamma", "beta")
    assert any("gamma was taken for gamma by its name" in text for text in swapped.remarks)
    silent = recognised(written.SilentBeta)
    assert silent.roles["beta"] == "beta"
    assert any("has no effect on y" in text for text in silent.remarks)


def test_the_default_of_momentum_says_what_is_meant() -> None:
    """Catch a swapped momentum that is taken for a convention."""
    made = build(written.SwappedMomentum)[0]
    assert made.momentum_weighs == "new"
    (said,) = (text for text in made.recognition.remarks if "momentum defaults" in text)
    assert said.endswith("weight of the new value, although the code weighs the old value by it")
    assert build(written.Rows)[0].momentum_weighs == "old"


def test_eps_is_found_where_nothing_tells_it() -> None:
    """Catch a hard-coded eps that is varied, or taken for the usual one."""
    assert build(written.Rows)[0].fixed["eps"] == 1e-4


@pytest.mark.parametrize(
    ("target", "ranks", "axis"),
    [
        (written.Rows, (2,), 1),
        (written.SilentBeta, (4,), 1),
        (nn.BatchNorm1d, (2, 3), 1),
        (nn.BatchNorm3d, (5,), 1),
        (written.Frozen, (4,), 1),
        (written.Columns, (2,), 1),
    ],
)
def test_ranks(target: Any, ranks: tuple[int, ...], axis: int) -> None:
    """Catch a rank that works by broadcasting alone, and one that is left out."""
    made = build(target)[0]
    assert (made.ranks, made.channel_axis) == (ranks, axis)


def test_a_constant_eps_of_evaluation_is_found() -> None:
    """Catch a frozen module that is checked with an eps that it does not have."""
    assert build(written.FrozenWithItsOwnEps)[0].fixed["eps"] == pytest.approx(1e-3)


def test_samples_as_columns() -> None:
    """Catch an x that is given untransposed."""
    made = build(written.Columns)[0]
    x = np.random.default_rng(0).normal(size=(6, 3))
    ones, zeros = np.ones(3), np.zeros(3)
    y = made.train(x, ones, zeros, zeros, ones, momentum=0.5, eps=1e-5)[0]
    np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), rtol=1e-12)


def test_a_wrong_axis_is_not_taken_for_columns() -> None:
    """Catch layer normalization that is excused as another layout."""
    found = recognised(written.AxisOfSamples)
    assert any("not the elements of its channel" in t for t in found.remarks)


UNIDENTIFIED = [
    (written.Noisy, Part.OTHER_STATE, "the buffer noise of shape (3,)", "none of the known roles"),
    (written.NoEvaluation, Part.EVALUATION, "evaluation", "evaluation is not written yet"),
    (written.WithoutGradients, Part.GRADIENTS, "gradients", "does not require gradients"),
]


@pytest.mark.parametrize(("target", "part", "what", "why"), UNIDENTIFIED)
def test_what_is_not_identified_is_told(target: Any, part: Part, what: str, why: str) -> None:
    """Catch a verdict on what nobody has looked at."""
    (found,) = recognised(target).unidentified
    assert (found.part, found.what) == (part, what)
    assert why in found.why


def test_inference_only() -> None:
    """Catch a frozen module that is asked to train."""
    assert declaration_of(build(written.Frozen)[0]).methods == ("infer",)


def test_without_statistics_evaluation_is_that_of_the_batch() -> None:
    """Catch inference that is offered where there are no statistics to infer by."""
    made = build(nn.BatchNorm2d(4, track_running_stats=False))[0]
    assert "infer" not in declaration_of(made).methods
    assert "it has no running statistics" in made.recognition.remarks[0]


def test_parameters_that_are_not_there() -> None:
    """Catch a parameter that is silently not applied."""
    assert build(functools.partial(nn.BatchNorm2d, affine=False))[0].affine_parameters == "none"
    assert build(nn.BatchNorm2d(4, bias=False))[0].affine_parameters == "gamma only"


def test_the_norm_inside() -> None:
    """Catch a block that is refused, or judged as if it were a batch normalization."""
    (rest,) = recognised(written.BlockWithConvolution).unidentified
    assert rest.what == "the rest of BlockWithConvolution (conv.weight, conv.bias)"
    assert rest.why == "the batch norm bn inside is checked alone"


def test_a_relu_behind_is_an_activation() -> None:
    """Catch gradients and values of a fused activation that are judged as those of the norm."""
    made = build(written.NormThenRelu)[0]
    assert "followed by a ReLU" in made.recognition.form
    assert declaration_of(made).activation == "relu"
    x = np.random.default_rng(0).normal(size=(4, 3, 2, 2))
    gamma, beta = np.array([1.0, -2.0, 0.5]), np.array([0.25, 0.5, -1.0])
    mean, var = np.zeros(3), np.ones(3)
    settings = {"momentum": made.fixed["momentum"], "eps": made.fixed["eps"]}
    plain = build(nn.BatchNorm2d)[0]
    got, due = (each.train(x, gamma, beta, mean, var, **settings) for each in (made, plain))
    np.testing.assert_allclose(got[0], np.maximum(due[0], 0), rtol=1e-12, atol=1e-12)
    passed = np.where(due[0] > 0, x, 0)
    for one, other in zip(got[3](x), due[3](passed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_an_activation_behind_is_told() -> None:
    """Catch a norm before an activation that is accused of what the activation does."""
    found = recognised(written.NormThenSoftsign)
    assert found.remarks[0] == "an activation follows the batch norm bn, and is not checked"


@pytest.mark.parametrize("target", [written.Residual, written.Doubled, written.EvaluatesByHabit])
def test_what_is_no_activation_is_judged(target: Any) -> None:
    """Catch a wrong wrapper that is judged by the right norm inside."""
    assert not any("activation" in text for text in recognised(target).remarks)


def test_parameters_in_any_container_are_found() -> None:
    """Catch a gamma in a tuple, a namespace or an object with slots that counts as none."""
    for target in (written.InTuple, written.InNamespace, written.InSlots):
        assert set(recognised(target).roles) >= {"gamma", "beta"}, target


def test_an_array_that_nothing_uses_is_told_where_a_role_is_missing() -> None:
    """Catch a forgotten beta that counts as a layer without beta."""
    (found,) = recognised(written.ForgetsB1).unidentified
    assert found.what == "the attribute b1 of shape (3,)"


def test_a_module_that_learns_is_not_frozen() -> None:
    """Catch training by the running statistics that is excused as inference only."""
    assert "train" in declaration_of(build(written.TrainsByRunning)[0]).methods


def test_a_scale_that_is_not_the_value_is_not_gamma() -> None:
    """Catch 1 + weight that is judged as weight."""
    (found,) = recognised(written.OnePlus).unidentified
    assert found.what == "the parameter excess of shape (3,)"


def test_an_unused_import_of_torch_changes_nothing() -> None:
    """Catch NumPy code that is called with tensors: their var() is the unbiased one."""
    assert recognised(written.Rows).form.startswith("NumPy")


def test_our_own_mistakes_are_not_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catch a broad except that hides an error of bnproof's own."""

    def broken(*_: object) -> None:
        raise AttributeError("a mistake of our own")

    for place in ("roles._effect", "discovery.pattern"):
        with monkeypatch.context() as patch:
            patch.setattr(f"bnproof.recognition.objects.{place}", broken)
            with pytest.raises(AttributeError, match="of our own"):
                build(nn.BatchNorm2d)


def test_a_relu_in_front_is_not() -> None:
    """Catch a module with its parts in the wrong order that is judged by the right one."""
    assert "ReLU" not in recognised(written.ReluThenNorm).form


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, in its compiler
def test_a_compiled_module_is_probed_uncompiled() -> None:
    """Catch a module whose names and settings are lost when it is compiled."""
    found = recognised(torch.compile(nn.BatchNorm1d(4), backend="eager"))
    assert found.form == "compiled torch module, an instance"
    assert found.roles["gamma"] == "weight"


def test_settings_that_are_refused_are_not_tried() -> None:
    """Catch an eps of 0 that is demanded of code that refuses it."""
    assert build(written.PositiveEps)[0].accepts["eps"][0] > 0


def test_memory_that_is_refused_is_copied() -> None:
    """Catch code with view() that is accused of raising."""
    assert build(written.ViewOnly)[0].keeps_strides is False


def test_backward_that_works_once() -> None:
    """Catch a second backward that is demanded of code that uses up its cache."""
    made = build(written.OnceOnly)[0]
    x = np.random.default_rng(0).normal(size=(6, 3))
    ones, zeros = np.ones(3), np.zeros(3)
    *_, backward = made.train(x, ones, zeros, zeros, ones, momentum=0.5, eps=1e-4)
    for one, other in zip(backward(x), backward(x), strict=True):
        np.testing.assert_array_equal(one, other)


def test_torch_itself_comes_in_16_bits_too() -> None:
    """Catch 16 bits that are asked of code that does not promise them, or not of torch's."""
    assert len(build(nn.BatchNorm2d)) == 3
    assert len(build(written.SilentBeta)) == 1
