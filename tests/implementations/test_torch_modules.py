"""torch modules as implementations of the contract, against the NumPy reference."""

import copy
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from tests.first_variant import adapt

from bnproof.engine.contract.declaration import declaration_of
from bnproof.implementations import variants
from bnproof.reference import BatchNorm

MODULES = [
    (torch.nn.BatchNorm1d, (7, 3)),
    (torch.nn.BatchNorm1d, (4, 3, 5)),
    (torch.nn.BatchNorm2d, (3, 4, 2, 5)),
    (torch.nn.BatchNorm3d, (2, 3, 2, 3, 2)),
]
PARAMETERS = ("gamma", "beta", "running_mean", "running_var")


def made(shape: tuple[int, ...], kind: Any = np.float64) -> tuple[Any, Any, list[Any]]:
    """x, dy, and gamma, beta, running_mean, running_var."""
    rng = np.random.default_rng(0)
    x, dy = (rng.normal(size=shape) * 2 + 1 for _ in range(2))
    arrays = [rng.uniform(0.5, 2, shape[1]) for _ in PARAMETERS]
    return x.astype(kind), dy.astype(kind), [a.astype(kind) for a in arrays]


def called(functions: Any, method: str, shape: tuple[int, ...], **settings: Any) -> list[Any]:
    """y, the statistics, dx, dgamma and dbeta of one call."""
    x, dy, arrays = made(shape)
    y, mean, var, backward = getattr(functions, method)(x, *arrays, eps=0.5, **settings)
    return [y, mean, var, *backward(dy)]


@pytest.mark.parametrize(("module", "shape"), MODULES)
@pytest.mark.parametrize("settings", [{"momentum": 0.25}, {"momentum": None, "batches_seen": 3}])
def test_training_agrees_with_the_reference(module: Any, shape: Any, settings: Any) -> None:
    """Catch parameters that are not loaded, exchanged or left over, and a lost momentum."""
    got = called(adapt(module), "train", shape, **settings)
    for one, due in zip(got, called(BatchNorm(), "train", shape, **settings), strict=True):
        np.testing.assert_allclose(one, due, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("module", "shape"), MODULES)
def test_inference_agrees_with_the_reference(module: Any, shape: Any) -> None:
    """Catch a module that was left in training mode."""
    got = called(adapt(module), "infer", shape)
    for one, due in zip(got, called(BatchNorm(), "infer", shape), strict=True):
        np.testing.assert_allclose(one, due, rtol=1e-10, atol=1e-12)


def test_declarations() -> None:
    """Catch a convention of PyTorch that is declared as another's."""
    for module, shape in MODULES:
        declared = declaration_of(adapt(module))
        assert len(shape) in declared.ranks
        assert declared.dtypes == ("float32", "float64")
        assert (declared.momentum_weighs, declared.running_variance) == ("new", "unbiased")
        assert (declared.channel_axis, declared.keeps_strides) == (1, "positive")
        assert declared.cumulative
        assert declared.allows("eps", 1e-12)
        assert not declared.allows("eps", 0.0)


def test_16_bits_are_implementations_of_their_own() -> None:
    """Catch a parameter dtype that is not the declared one, in either form."""
    _, mixed, whole = variants(torch.nn.BatchNorm2d)
    for functions, parameters in ((mixed, "float32"), (whole, None)):
        for name, kind in (("float16", np.float16), ("bfloat16", ml_dtypes.bfloat16)):
            due = parameters or name
            assert declaration_of(functions).parameter_dtype(name) == due
            x, dy, arrays = made((4, 3, 2, 2), kind)
            given = [a.astype(np.float32 if parameters else kind) for a in arrays]
            y, mean, var, backward = functions.train(x, *given, momentum=0.25, eps=0.5)
            dx, dgamma, dbeta = backward(dy)
            assert {a.dtype.name for a in (y, dx)} == {name}
            assert {a.dtype.name for a in (mean, var, dgamma, dbeta)} == {due}
            exact = BatchNorm().train(x, *given, momentum=0.25, eps=0.5)[0]
            np.testing.assert_allclose(y.astype(float), exact.astype(float), atol=0.03)


@pytest.mark.parametrize("layout", ["C", "Fortran", "stepped", "reversed", "zero"])
def test_layouts_and_inputs(layout: str) -> None:
    """Catch a layout that is misread, and inputs that are written to."""
    x, dy, arrays = made((6, 4, 3, 2))
    if layout == "zero":
        dy = np.lib.stride_tricks.as_strided(np.full(1, 0.75), dy.shape, (0,) * 4)
    elif layout == "stepped":
        dy = np.repeat(dy, 2, axis=0)[::2]
    elif layout == "reversed":
        x, dy = x[::-1], dy[:, ::-1]
    else:
        x, dy = (np.array(a, order="F" if layout == "Fortran" else "C") for a in (x, dy))
    before = [a.tobytes() for a in (x, dy, *arrays)]
    results = []
    for functions in (adapt(torch.nn.BatchNorm2d), BatchNorm()):
        y, *_, backward = functions.train(x, *arrays, momentum=0.25, eps=0.5)
        results.append((y, *backward(dy)))
    for one, due in zip(*results, strict=True):
        np.testing.assert_allclose(one, due, rtol=1e-10, atol=1e-12)
    assert [a.tobytes() for a in (x, dy, *arrays)] == before


def test_backward_may_be_repeated_late() -> None:
    """Catch a graph that is freed, and a module whose state later calls change."""
    functions = adapt(torch.nn.BatchNorm1d)
    x, dy, arrays = made((7, 3))
    *_, backward = functions.train(x, *arrays, momentum=0.25, eps=0.5)
    first = backward(dy)
    functions.train(9 * x, *[2 * a for a in arrays], momentum=0.25, eps=0.5)
    functions.infer(x, *arrays, eps=0.5)
    for one, again in zip(first, backward(dy), strict=True):
        np.testing.assert_array_equal(one, again)


def test_instances_are_copied_and_fixed() -> None:
    """Catch an instance that is changed, and settings that are said to vary."""
    module = torch.nn.BatchNorm2d(5, eps=1e-3, momentum=0.25)
    before = copy.deepcopy(module.state_dict())
    functions = adapt(module)
    assert functions.fixed == {"eps": 1e-3, "momentum": 0.25, "channels": 5}
    x, _, arrays = made((3, 5, 2, 2), np.float32)
    got = functions.train(x, *arrays, momentum=0.25, eps=1e-3)
    due = BatchNorm().train(x, *arrays, momentum=0.25, eps=1e-3)
    for one, other in zip(got[:3], due[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


def test_modules_without_parameters() -> None:
    """Catch gradients of parameters that the module does not have."""
    functions = adapt(torch.nn.BatchNorm1d(3, affine=False))
    assert functions.affine_parameters == "none"
    x, dy, arrays = made((7, 3), np.float32)
    *_, backward = functions.train(x, None, None, *arrays[2:], momentum=0.1, eps=1e-5)
    assert backward(dy)[1:] == (None, None)


def test_layer_trains_saves_and_loads() -> None:
    """Catch a state that is not copied, and a batch that is not counted."""
    x, _, _ = made((7, 3))
    functions = adapt(torch.nn.BatchNorm1d)
    layers = [f.layer(3, momentum=0.25, eps=0.5, dtype="float64") for f in (functions, BatchNorm())]
    for layer in layers:
        layer.train(x)
        saved = layer.state()
        layer.train(2 * x)
        assert layer.state()["batches_seen"] == 2
        layer.load(saved)
        for name in PARAMETERS:
            saved[name][...] = 9
    got, due = (layer.state() for layer in layers)
    assert set(got) == set(due)
    for name in due:
        np.testing.assert_allclose(got[name], due[name], rtol=1e-12)
    np.testing.assert_allclose(layers[0].infer(x)[0], layers[1].infer(x)[0], rtol=1e-10)


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
def test_one_value_per_channel_is_an_error(shape: tuple[int, ...]) -> None:
    """Catch a declared error that does not come."""
    x, _, arrays = made(shape)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        adapt(torch.nn.BatchNorm1d).train(x, *arrays, momentum=0.25, eps=0.5)


def test_empty_batches_are_let_through() -> None:
    """Catch a new version of PyTorch that treats an empty batch in another way."""
    x, _, arrays = made((0, 3))
    y, mean, var, _ = adapt(torch.nn.BatchNorm1d).train(x, *arrays, momentum=0.25, eps=0.5)
    assert y.shape == (0, 3)
    np.testing.assert_array_equal(mean, arrays[2])
    np.testing.assert_array_equal(var, arrays[3])


def doubled(functions: Any, method: str, shape: tuple[int, ...], **settings: Any) -> Any:
    """ddy, dx and dgamma of one call."""
    x, dy, arrays = made(shape)
    *_, backward = getattr(functions, method)(x, *arrays, eps=0.5, **settings)
    return backward.double(dy, x * dy, arrays[2], arrays[3])


@pytest.mark.parametrize(("module", "shape"), MODULES)
def test_double_backward_agrees_with_the_reference(module: Any, shape: Any) -> None:
    """Catch arguments in the wrong order, a detached result, and a graph that is freed."""
    functions = adapt(module)
    for method, settings in (("train", {"momentum": 0.25}), ("infer", {})):
        due = doubled(BatchNorm(), method, shape, **settings)
        for one, other in zip(doubled(functions, method, shape, **settings), due, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_double_backward_without_parameters() -> None:
    """Catch a dgamma where there is no gamma."""
    x, dy, arrays = made((7, 3), np.float32)
    functions = adapt(torch.nn.BatchNorm1d(3, affine=False))
    *_, backward = functions.train(x, None, None, *arrays[2:], momentum=0.1, eps=1e-5)
    ddy, dx, dgamma = backward.double(dy, dy, None, None)
    assert dgamma is None
    assert np.isfinite(ddy).all()
    assert np.abs(dx).max() > 0


def test_double_backward_in_16_bits_is_not_offered() -> None:
    """PyTorch computes it in 16 bits, sums included, which no accuracy class has."""
    for functions in variants(torch.nn.BatchNorm2d)[1:]:
        x, _, arrays = made((4, 3, 2, 2), np.float16)
        given = [a.astype(functions.parameter_dtypes["float16"]) for a in arrays]
        assert not hasattr(functions.train(x, *given, momentum=0.25, eps=0.5)[3], "double")


class _Once(torch.autograd.Function):
    """The identity, with a backward that cannot be differentiated."""

    @staticmethod
    def forward(_: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(_: Any, dy: torch.Tensor) -> torch.Tensor:
        return dy.clone()


class OnceDifferentiable(torch.nn.BatchNorm1d):
    """A module whose backward is marked as differentiable once."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise, and pass on."""
        passed: torch.Tensor = _Once.apply(super().forward(x))  # type: ignore[no-untyped-call]  # torch's
        return passed


class Composed(torch.nn.BatchNorm1d):
    """A module of one's own that can be differentiated as often as one likes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise, by the kernel."""
        return super().forward(x)


def test_what_cannot_be_differentiated_twice_does_not_offer_it() -> None:
    """Catch an offer that only raises, and one that is withheld."""
    x, _, arrays = made((7, 3))
    for module, offered in ((OnceDifferentiable, False), (Composed, True)):
        *_, backward = adapt(module).train(x, *arrays, momentum=0.25, eps=0.5)
        assert hasattr(backward, "double") == offered
