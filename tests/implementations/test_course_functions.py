"""A pair of functions as courses set them, against the NumPy reference."""

from typing import Any

import numpy as np
from tests.first_variant import adapt

from bnproof.engine.contract.declaration import declaration_of
from bnproof.reference import BatchNorm


def batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: dict[str, Any]) -> Any:
    """Normalize as the exercise asks, moving the statistics in place as students may."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = bn_param["running_mean"], bn_param["running_var"]
    if bn_param["mode"] == "test":
        return gamma * (x - mean) / np.sqrt(var + eps) + beta, None
    mu, sigma2 = x.mean(axis=0), x.var(axis=0)
    mean *= momentum
    mean += (1 - momentum) * mu
    bn_param["running_var"] = momentum * var + (1 - momentum) * sigma2
    xhat = (x - mu) / np.sqrt(sigma2 + eps)
    return gamma * xhat + beta, (xhat, gamma, sigma2 + eps)


def batchnorm_backward(dout: Any, cache: Any) -> Any:
    """Differentiate in closed form."""
    xhat, gamma, shifted = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dx = gamma / np.sqrt(shifted) * (dout - dbeta / len(dout) - xhat * dgamma / len(dout))
    return dx, dgamma, dbeta


PAIR = (batchnorm_forward, batchnorm_backward)


def made() -> tuple[Any, Any, list[Any]]:
    """x, dy, and gamma, beta, running_mean, running_var."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), list(rng.uniform(0.5, 2, (4, 3)))


def test_training_agrees_with_the_reference() -> None:
    """Catch arguments in the wrong order, and a momentum in the wrong convention."""
    x, dy, arrays = made()
    results = []
    for functions in (adapt(PAIR), BatchNorm(momentum_weighs="old", running_variance="biased")):
        y, mean, var, backward = functions.train(x, *arrays, momentum=0.75, eps=0.5)
        results.append((y, mean, var, *backward(dy)))
    for one, due in zip(*results, strict=True):
        np.testing.assert_allclose(one, due, rtol=1e-12, atol=1e-14)


def test_inference_agrees_with_the_reference() -> None:
    """Catch the mode of training in inference, and a backward that courses do not have."""
    x, _, arrays = made()
    y, mean, var, backward = adapt(PAIR).infer(x, *arrays, eps=0.5)
    np.testing.assert_allclose(y, BatchNorm().infer(x, *arrays, eps=0.5)[0], rtol=1e-12)
    np.testing.assert_array_equal((mean, var), arrays[2:])
    assert backward is None


def test_statistics_are_copied_for_each_call() -> None:
    """Catch an accusation of the functions for moving the statistics in place."""
    x, _, arrays = made()
    before = [a.copy() for a in arrays]
    adapt(PAIR).train(x, *arrays, momentum=0.75, eps=0.5)
    np.testing.assert_array_equal(arrays, before)


def test_declarations() -> None:
    """Catch float32 asked of code that may promote, and conventions of somebody else."""
    declared = declaration_of(adapt(PAIR))
    assert (declared.dtypes, declared.ranks) == (("float64",), (2,))
    assert (declared.momentum_weighs, declared.running_variance) == ("old", "biased")
    assert "batchnorm_forward" in declared.name


def of_images(x: Any, gamma: Any, beta: Any, bn_param: dict[str, Any]) -> Any:
    """Normalize images by the pair for rows."""
    n, c, h, w = x.shape
    rows, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, c), gamma, beta, bn_param)
    return rows.reshape(n, h, w, c).transpose(0, 3, 1, 2), cache


def without_moving_back(x: Any, gamma: Any, beta: Any, bn_param: dict[str, Any]) -> Any:
    """Make a mistake: the channels are not moved back."""
    y, cache = of_images(x, gamma, beta, bn_param)
    return y.transpose(0, 2, 3, 1).reshape(x.shape), cache


def test_functions_of_images_are_given_images() -> None:
    """Catch the spatial pair that is called with rows, be it right or wrong."""
    for forward in (of_images, without_moving_back):
        assert adapt((forward, batchnorm_backward)).ranks == (4,)
    assert adapt(PAIR).ranks == (2,)


def test_recognition_names_the_settings() -> None:
    """Catch a report that does not say where the running statistics are."""
    recognition = adapt(PAIR).recognition
    assert recognition.form.endswith("with a dict bn_param")
    assert recognition.roles["running_mean"] == "bn_param.running_mean"
