"""The stand-alone text of an adapter gives the same numbers as the adapter, without bnproof."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from tests.targets import rows, tensors
from tests.targets.judged import made_of
from tests.targets.objects import written

from bnproof.implementations import variants

STATE = (np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.0, -1.0]), np.zeros(3), np.ones(3))


@pytest.mark.parametrize(
    "functions",
    [
        (rows.bn_forward, rows.backward_to_dict),
        (rows.stateful,),
        (rows.in_dict,),
        (rows.with_pullback,),
        (rows.columns_forward, rows.columns_backward),
        (tensors.batch_norm,),
        (tensors.BatchNormFunction,),
    ],
    ids=lambda functions: functions[0].__name__,
)
def test_the_text_stands_for_the_adapter(functions: tuple[Any, ...]) -> None:
    """Catches a script that calls the functions otherwise than the check did."""
    made = made_of(*functions)
    assert_alike(made, functions if len(functions) > 1 else functions[0], "float64")
    text = made.standalone("float64")
    assert ("torch." in text) == (functions[0].__module__ == tensors.__name__)


@pytest.mark.parametrize(
    "kind",
    [written.Rows, written.OnceOnly, written.Columns, written.InSlots, written.Residual],
    ids=lambda kind: kind.__name__,
)
def test_the_text_stands_for_an_object(kind: type) -> None:
    """Catches a script that makes or calls an object otherwise, or gives other gradients."""
    made = variants(kind)[0]
    assert_alike(made, kind, made.dtypes[-1])


def assert_alike(made: Any, target: Any, dtype: str) -> None:
    """Training and both gradients are the same, bit by bit, by the adapter and by its text."""
    text = made.standalone(dtype)
    names: dict[str, Any] = {"TARGET": target, "np": np, "copy": copy, "torch": torch}
    exec(text, names)  # noqa: S102  # as a script is run
    script = names["IMPLEMENTATION"]
    shape = (6, 3, *(2,) * (made.ranks[0] - 2))
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    state = [a.astype(dtype) for a in STATE]

    assert "import bnproof" not in text
    assert "from bnproof" not in text
    one = made.train(x, *state, momentum=0.25, eps=0.5)
    other = script.train(x, *state, momentum=0.25, eps=0.5)
    for a, b in zip(one[:3], other[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one[3] is None) == (other[3] is None)
    if one[3] is not None:
        for a, b in zip(one[3](x), other[3](x), strict=True):
            np.testing.assert_array_equal(a, b)
    if hasattr(one[3], "double"):
        along = x, state[0], state[1]
        for a, b in zip(one[3].double(x, *along), other[3].double(x, *along), strict=True):
            np.testing.assert_array_equal(a, b)
