"""torch functions and subclasses of torch.autograd.Function are recognised and judged."""

from typing import Any

import pytest
import torch
from tests.targets import tensors
from tests.targets.judged import made_of, violated

BIASED = {"running_variance": "biased"}


@pytest.mark.parametrize(
    ("function", "ranks", "affine", "declared"),
    [
        (tensors.batch_norm, (2, 4), "required", BIASED),
        (tensors.through_torch, (2, 3, 4, 5), "optional", {}),
        (torch.nn.functional.batch_norm, (2, 3, 4, 5), "optional", {}),
    ],
)
def test_right_functions(
    function: Any, ranks: tuple[int, ...], affine: str, declared: dict[str, Any]
) -> None:
    """Catches a right function of torch that is not recognised, or judged as wrong."""
    made = made_of(function)

    assert (made.ranks, made.affine_parameters) == (ranks, affine)
    assert not made.recognition.unidentified
    assert violated(made, **declared) == set()


def test_shapes_of_parameters() -> None:
    """Catches parameters of images that are given in the shape of those of rows."""
    evidence = made_of(tensors.batch_norm).recognition.evidence

    assert any("(C,) in rank 2, (1, C, 1, 1) in rank 4" in each for each in evidence) or any(
        "(1, C) in rank 2, (1, C, 1, 1) in rank 4" in each for each in evidence
    )


def test_evaluation_within_no_grad() -> None:
    """Catches evaluation that is called as training is."""
    made = made_of(tensors.batch_norm)

    assert made.recognition.form.endswith("evaluation within torch.no_grad()")
    assert made.infer is not None


def test_autograd_function() -> None:
    """Catches a class whose apply is not found, or is called without its buffers."""
    made = made_of(tensors.BatchNormFunction)

    assert made.recognition.form.startswith("torch.autograd.Function")
    assert (made.ranks, made.fixed) == ((2,), {"momentum": 0.1, "eps": 1e-5})
    assert not made.recognition.unidentified
    assert violated(made) == set()


def test_gradients_of_evaluation_may_be_missing() -> None:
    """Catches a backward pass that is demanded of evaluation although it raises there."""
    evidence = made_of(tensors.BatchNormFunction).recognition.evidence

    assert any(each.startswith("evaluation offers no gradients: they raise") for each in evidence)


@pytest.mark.parametrize("function", [tensors.WrongGradient, tensors.detached])
def test_wrong_gradients(function: Any) -> None:
    """Catches a wrong gradient that is not judged."""
    assert "backward/agreement" in violated(made_of(function))
