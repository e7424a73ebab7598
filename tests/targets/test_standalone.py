"""The stand-alone text of a recognised function gives the same numbers, without bnproof."""

from typing import Any

import numpy as np
import pytest
from tests.targets import rows, tensors
from tests.targets.judged import made_of

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
    text = made.standalone("float64")
    names: dict[str, Any] = {"TARGET": functions if len(functions) > 1 else functions[0]}
    exec(text, names)  # noqa: S102  # as a script is run
    x = np.random.default_rng(0).normal(size=(6, 3))

    assert "import bnproof" not in text
    assert "from bnproof" not in text
    assert ("torch." in text) == (functions[0].__module__ == tensors.__name__)
    for settings in ({"momentum": 0.25, "eps": 0.5},):
        one = made.train(x, *STATE, **settings)
        other = names["IMPLEMENTATION"].train(x, *STATE, **settings)
        for a, b in zip(one[:3], other[:3], strict=True):
            np.testing.assert_array_equal(a, b)
        if one[3] is not None:
            for a, b in zip(one[3](x), other[3](x), strict=True):
                np.testing.assert_array_equal(a, b)
