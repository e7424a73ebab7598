"""Results that are memory of the arguments are told from results with memory of their own."""

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.model.layouts import ALIGNED, LAYOUTS, Layout, laid_out
from bnproof.engine.portfolio.builder import Builder


@pytest.mark.parametrize("layout", LAYOUTS)
def test_shared_memory_is_found_in_each_layout(layout: Layout) -> None:
    """Catches an argument, a view of one, or the array that it is a view of, taken for a copy."""
    build = Builder(Declaration(dtypes=("float64",)), "float64")
    case = build.case("a case", build.normal(4, 3, 2)).with_(layouts={"x": layout})
    arguments = Arguments(case, Declaration())
    x = arguments["x"]

    for shared in (x, x[1:], x.T):
        assert arguments.shares_memory(shared)
    assert x.base is None or arguments.shares_memory(x.base)
    for own in (x.copy(), x + 1, np.array(x)[1:], (x + 1).T):
        assert not arguments.shares_memory(own)


@pytest.mark.parametrize("size", [1, 5, 63, 360, 2**16])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_arrays_begin_where_their_layout_says(dtype: str, size: int) -> None:
    """Catches an array whose place is decided by chance: JAX keeps aligned memory, and no other."""
    values = (np.arange(size) % 100).astype(dtype)
    for _ in range(20):
        assert laid_out(values, "C").ctypes.data % ALIGNED == 0
        assert laid_out(values, "shifted").ctypes.data % ALIGNED == values.itemsize


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2), (4, 3, 2, 5)])
def test_layouts_hold_the_same_values(layout: Layout, shape: tuple[int, ...]) -> None:
    """Catches a layout that changes values, whichever axis they are the same along."""
    if layout == "reversed channels" and len(shape) < 2:
        pytest.skip("it needs channels")
    values = np.ones(shape) if layout == "zero stride" else np.arange(np.prod(shape))
    values = values.reshape(shape).astype("float32")
    assert (laid_out(values, layout) == values).all()


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_an_axis_is_expanded_along_which_values_are_the_same(axis: int) -> None:
    """Catches data that is laid out along another axis, as where the channels come last."""
    values = np.arange(120.0).reshape(4, 3, 2, 5)
    same = np.array(np.broadcast_to(values.take([0], axis), values.shape))
    made = laid_out(same, "expanded")
    assert (made == same).all()
    assert made.strides[axis] == 0
