"""A case that is saved is rebuilt bit for bit."""

import json
import tomllib
from typing import Any

import numpy as np
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.store.conftest import case

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.model.case import ARRAYS, Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.layouts import Alias
from bnproof.engine.portfolio import portfolio
from bnproof.store.arrays import READABLE, from_table, to_table
from bnproof.store.cases import case_table, read_case
from bnproof.store.fields import Fields

EVERYTHING = Declaration(
    dtypes=tuple(FORMATS),
    ranks=(2, 3, 4, 5),
    cumulative=True,
    empty="empty",
    methods=("train", "infer", "layer"),
    layer_options=("dtype", "rank"),
)


def through_json(held: Case) -> Case:
    """A case as it comes back from a file."""
    return read_case(Fields(json.loads(json.dumps(case_table(held))), "file"))


def parts(held: Case) -> dict[str, Any]:
    """Everything of a case, its arrays as bytes."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.dtype.name, value.shape, value.tobytes()
        if isinstance(value, tuple):
            return tuple(map(plain, value))
        if hasattr(value, "how"):
            return value.of, value.relation, {k: plain(v) for k, v in value.how.items()}
        return dict(value) if hasattr(value, "items") else value

    return {name: plain(getattr(held, name)) for name in Case.__dataclass_fields__}


def test_everything_comes_back() -> None:
    """Catches a field that is not saved, or not read."""
    assert parts(through_json(case())) == parts(case())


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_portfolio_comes_back(dtype: str) -> None:
    """Catches a case that a check makes and that cannot be saved, or changes by it."""
    for held in portfolio(EVERYTHING, dtype, quick=True):
        back = through_json(held)
        assert parts(back)["x"] == parts(held)["x"], held.name
        same = {k: v for k, v in parts(held).items() if k != "twin"}
        assert {k: v for k, v in parts(back).items() if k != "twin"} == same, held.name


def test_memory_is_the_same() -> None:
    """Catches arrays that come back with other strides, or aliases that are two arrays."""
    x = np.arange(24.0).reshape(4, 3, 2)
    held = case(
        x=x,
        dy=x,
        steps=(),
        gamma=np.ones(3),
        running_mean=np.zeros(3),
        running_var=np.ones(3),
        layouts={"x": "channels moved", "dy": Alias("x"), "running_var": Alias("gamma")},
    )
    before, after = (Arguments(c, Declaration()) for c in (held, through_json(held)))

    for name in ARRAYS:
        if before[name] is not None:
            assert before[name].strides == after[name].strides
            assert before[name].tobytes() == after[name].tobytes()
    assert after["dy"] is after["x"]
    assert after["running_var"] is after["gamma"]


def test_an_added_input_is_x_again() -> None:
    """Catches an alias of an added input that cannot be saved, or comes back as two arrays."""
    held = case(steps=(), layouts={"residual": Alias("x")})
    held = held.with_(residual=held.x)
    back = Arguments(through_json(held), Declaration(residual=True))
    assert back["residual"] is back["x"]


def test_toml_as_well() -> None:
    """Catches a table that TOML cannot hold."""
    table = tomllib.loads(tomlkit.dumps(case_table(case())))

    assert parts(read_case(Fields(table, "file"))) == parts(case())


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["float64", "float32", "float16"]))
def test_every_bit(data: st.DataObject, dtype: str) -> None:
    """Catches a number, a NaN or a zero whose bits are not kept."""
    bits = {"float64": np.uint64, "float32": np.uint32, "float16": np.uint16}[dtype]
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    a = data.draw(arrays.arrays(bits, shape)).view(dtype)
    back = from_table(Fields(json.loads(json.dumps(to_table(a))), "file"))

    assert (back.dtype, back.shape, back.tobytes()) == (a.dtype, a.shape, a.tobytes())


def test_large_arrays_are_short() -> None:
    """Catches megabytes of hexadecimal numbers."""
    large = np.ones(READABLE + 1)

    assert "base64" in to_table(large)
    assert from_table(Fields(to_table(large), "file")).tobytes() == large.tobytes()
