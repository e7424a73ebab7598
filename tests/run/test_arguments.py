"""Results that are memory of the arguments are told from results with memory of their own."""

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.model.layouts import LAYOUTS, Layout
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
