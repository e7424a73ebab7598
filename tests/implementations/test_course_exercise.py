"""A file as a whole: its pieces, what is told of their failures, and the right helpers."""

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnproof.engine.contract.declaration import ContractError
from bnproof.implementations import variants
from bnproof.implementations.course_exercise import (
    PIECES,
    ExercisePiece,
    FailedError,
    MissingError,
    NotWrittenError,
    WrongFormError,
    _right_backward,
    _right_forward,
)
from bnproof.reference import BatchNorm

NAMES = {
    "batchnorm_forward": _right_forward,
    "batchnorm_backward": _right_backward,
    "batchnorm_backward_alt": _right_backward,
}


def arrays() -> tuple[Any, list[Any]]:
    """X, and gamma, beta, running_mean, running_var."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 3)), list(rng.uniform(0.5, 2, (4, 3)))


def piece(id_: str, **names: Any) -> ExercisePiece:
    """One piece of a file of these names."""
    (found,) = (each for each in variants({**NAMES, **names}) if each.name == id_)
    assert isinstance(found, ExercisePiece)
    return found


def train(id_: str, **names: Any) -> Any:
    """The results of a training call."""
    x, given = arrays()
    return piece(id_, **names).train(x, *given, momentum=0.75, eps=0.5)


def test_right_helpers_agree_with_the_reference() -> None:
    """Catches a helper that is given for right and is not, so that right pieces are accused."""
    x, given = arrays()
    reference = BatchNorm(momentum_weighs="old", running_variance="biased")
    *results, backward = train("backward")
    due = reference.train(x, *given, momentum=0.75, eps=0.5)

    results += backward(x[::-1])
    wanted: list[Any] = [*due[:3], *due[3](x[::-1])]
    for one, other in zip(results, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    tested = piece("forward, test").infer(x, *given, eps=0.5)
    np.testing.assert_allclose(tested[0], reference.infer(x, *given, eps=0.5)[0], rtol=1e-12)


def test_pieces_of_what_is_there() -> None:
    """Catches a piece of a function that is not in the file, and one that is left out."""
    assert [each.name for each in variants(NAMES)] == [
        "forward, train",
        "forward, created",
        "forward, test",
        "backward",
        "backward_alt",
    ]
    for others in ({"relu": abs}, {"batchnorm_forward": None}):
        with pytest.raises(ContractError, match="none of the functions of the exercise"):
            variants(others)


def spatial_batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    """Call a function that the file gets wrong."""
    n, c, h, w = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, c)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(n, h, w, c).transpose(0, 3, 1, 2), cache


def batchnorm_forward(x: Any, *_: Any) -> Any:
    """Be wrong."""
    return 0 * x, None


def test_right_helpers_replace_what_is_called() -> None:
    """Catches a spatial function that is judged by the mistakes of another one."""
    names = {
        "spatial_batchnorm_forward": spatial_batchnorm_forward,
        "batchnorm_forward": batchnorm_forward,
    }
    x, given = np.random.default_rng(1).normal(size=(2, 3, 2, 2)), arrays()[1]
    own, replaced = (
        piece(f"spatial_forward, train{suffix}", **names).train(x, *given, momentum=0.75, eps=0.5)
        for suffix in ("", ", given")
    )
    due = BatchNorm().train(x, *given, momentum=0.25, eps=0.5)

    assert not own[0].any()
    np.testing.assert_allclose(replaced[0], due[0], rtol=1e-12)
    assert batchnorm_forward(np.ones(1))[0] == 0  # the file's own is as it was


def test_no_helpers_where_nothing_is_called() -> None:
    """Catches every spatial function being run twice."""
    alone = variants({"spatial_batchnorm_forward": lambda x, *_: (x, None)})

    assert not [each.name for each in alone if each.name.endswith("given")]


def returns(value: Any) -> Callable[..., Any]:
    """A function that returns something."""
    return lambda *_: value


def told(error: Exception) -> str:
    """What an exception says, after the mistake that it stands for."""
    return f"{error.mistake}: {error}" if isinstance(error, WrongFormError) else str(error)


def raises(error: BaseException) -> Callable[..., Any]:
    """A function that raises something."""

    def function(*_: Any) -> Any:
        raise error

    return function


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (returns(None), NotWrittenError, "returns None"),
        (raises(NotImplementedError("TODO")), NotWrittenError, "raises NotImplementedError"),
        (returns(np.ones((2, 3))), WrongFormError, "form/results: .* due .out, cache."),
        (returns((1, 2, 3)), WrongFormError, "form/results: .* 3 results"),
        (returns(((), arrays()[0])), WrongFormError, "form/order: .* due .out, cache."),
        (raises(SystemExit(3)), FailedError, "SystemExit: 3"),
        (raises(KeyboardInterrupt()), FailedError, "KeyboardInterrupt"),
        (raises(ValueError("two\nlines")), FailedError, "ValueError: two lines"),
    ],
)
def test_failures_of_forward(
    function: Callable[..., Any], error: type[Exception], said: str
) -> None:
    """Catches a failure that ends the worker, or is not told as what it is."""
    with pytest.raises(error) as caught:
        train("forward, train", batchnorm_forward=function)

    assert re.search(said, told(caught.value))


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (returns(None), NotWrittenError, "batchnorm_backward returns None"),
        (returns((1, 2)), WrongFormError, "form/results: .* due .dx, dgamma, dbeta."),
        (returns((np.ones(3), np.ones(3), arrays()[0])), WrongFormError, "form/order"),
    ],
)
def test_failures_of_backward(
    function: Callable[..., Any], error: type[Exception], said: str
) -> None:
    """Catches the same of a backward pass."""
    backward = train("backward", batchnorm_backward=function)[3]
    with pytest.raises(error) as caught:
        backward(arrays()[0])

    assert re.search(said, told(caught.value))


def test_backward_without_forward() -> None:
    """Catches a backward pass alone that is said to be wrong."""
    with pytest.raises(MissingError, match="batchnorm_forward is not there"):
        train("backward", batchnorm_forward=None)


def test_deleted_modules_come_back() -> None:
    """Catches a function that deletes modules which the worker still needs."""

    def deletes(x: Any, *_: Any) -> Any:
        for name in [name for name in sys.modules if name.startswith("bnproof.engine")]:
            del sys.modules[name]
        return x, None

    before = dict(sys.modules)
    train("forward, train", batchnorm_forward=deletes)

    assert sys.modules.items() >= before.items()


def test_bn_param_keeps_what_is_not_ours() -> None:
    """Catches a loss of other keys that nobody notices."""

    def clears(x: Any, *others: Any) -> Any:
        others[-1].clear()
        return x, None

    with pytest.raises(WrongFormError) as caught:
        train("forward, created", batchnorm_forward=clears)

    assert caught.value.mistake == "form/lost-keys"


def test_ids_of_pieces_are_unique() -> None:
    """Catches two pieces that a report could not tell apart."""
    assert len({each.id for each in PIECES}) == len(PIECES)
