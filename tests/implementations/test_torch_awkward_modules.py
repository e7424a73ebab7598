"""Modules that are not made as torch makes its own: what is due of the adapter for each."""

from typing import Any

import numpy as np
import pytest
import torch

from bnproof.engine.contract.declaration import ContractError, declaration_of
from bnproof.implementations import variants
from bnproof.recognition.errors import NotRecognised

X = np.arange(16, dtype=np.float32).reshape(4, 2, 2, 1)
ONES = np.ones(2, np.float32)


class OwnSettings(torch.nn.BatchNorm2d):
    """A module whose constructor has neither eps nor momentum."""

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, eps=1e-3, momentum=0.25)


class PassedOn(torch.nn.BatchNorm2d):
    """A module whose constructor passes on whatever it is given."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)


def test_settings_that_the_constructor_lacks_are_fixed() -> None:
    """Catch a setting that is silently not applied."""
    declared = declaration_of(variants(OwnSettings)[0])
    assert declared.fixed == {"eps": 1e-3, "momentum": 0.25}


def test_settings_are_passed_through_keywords() -> None:
    """Catch a constructor with **settings that gets none."""
    functions = variants(PassedOn)[0]
    few, many = (functions.infer(X, *[ONES] * 4, eps=e)[0] for e in (0.0, 3.0))
    np.testing.assert_allclose(few, 2 * many - 1, rtol=1e-6)


def test_an_instance_with_a_cumulative_average() -> None:
    """Catch a momentum that is neither applied nor fixed."""
    functions = variants(torch.nn.BatchNorm2d(2, momentum=None))[0]
    mean = functions.train(X, *[ONES] * 4, momentum=0.25, eps=1e-5)[1]
    np.testing.assert_allclose(mean, 0.75 + 0.25 * X.mean(axis=(0, 2, 3)), rtol=1e-6)


def test_an_instance_without_running_statistics() -> None:
    """Catch inference that is offered where there are no statistics to infer by."""
    functions = variants(torch.nn.BatchNorm2d(2, track_running_stats=False))[0]
    assert "infer" not in declaration_of(functions).methods


def test_a_frozen_instance() -> None:
    """Catch an instance that is refused because its parameters take no gradient."""
    assert variants(torch.nn.BatchNorm2d(2).requires_grad_(False))


def test_an_instance_without_bias() -> None:
    """Catch a beta that is silently not applied."""
    assert variants(torch.nn.BatchNorm2d(2, bias=False))[0].affine_parameters == "gamma only"


def test_an_instance_keeps_its_dtype() -> None:
    """Catch a check of a module that nobody has."""
    (functions,) = variants(torch.nn.BatchNorm2d(2, dtype=torch.float64))
    assert functions.dtypes == ("float64",)


def test_read_only_arrays() -> None:
    """Catch warnings of PyTorch that reach the user."""
    x = X.copy()
    x.flags.writeable = False
    variants(torch.nn.BatchNorm2d)[0].train(x, *[ONES] * 4, momentum=0.25, eps=0.5)


def test_modules_that_are_not_batch_normalization() -> None:
    """Catch a message that does not say what is wrong with the target."""
    with pytest.raises(ContractError, match="missing 1 required positional argument"):
        variants(torch.nn.Linear)
    with pytest.raises(NotRecognised, match="not recognised as a batch normalization"):
        variants(torch.nn.ReLU)
