"""What a target that compiles each shape is given: few shapes, and all that there is to test."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample

from bnproof.check.one_implementation import check
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.executor import Executor
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import AT_THE_END, portfolio, stock
from bnproof.engine.search.strategies import cases as searched
from bnproof.mutants.catalogue import mutant_of
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.reference import BatchNorm
from bnproof.selftest.rejection import first_failures

DOZEN = 12
DTYPES = tuple(FORMATS)
PLAIN = Declaration(dtypes=DTYPES, ranks=(2, 3, 4, 5), compiles_per_shape=True)
CHANNELS_LAST = replace(
    PLAIN,
    channel_axis=-1,
    ranks=(2, 4),
    keeps_strides=False,
    cumulative=True,
    affine_parameters="optional",
    normalising_variance="unbiased",
    methods=("train", "infer", "layer"),
)
QUICK, STANDARD = True, False


class Counting:
    """Right; notes the shapes that it is called with."""

    dtypes = ("float32",)
    ranks = (2, 3, 4)

    def __init__(self, *, compiles_per_shape: bool) -> None:
        self.compiles_per_shape = compiles_per_shape
        self.shapes: set[tuple[int, ...]] = set()
        self._right = BatchNorm()

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Any:
        """One training call."""
        self.shapes.add(x.shape)
        return self._right.train(x, *arguments, **settings)

    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Any:
        """One call of inference."""
        self.shapes.add(x.shape)
        return self._right.infer(x, *arguments, **settings)


def made(implementation: Any) -> Any:
    """The implementation, declared to compile each shape."""
    implementation.compiles_per_shape = True
    return implementation


def is_size(case: Case) -> bool:
    """Whether the size is what the case is about."""
    return Tag.SIZE in case.tags


@pytest.mark.parametrize("declaration", [PLAIN, CHANNELS_LAST], ids=["plain", "channels last"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("quick", [QUICK, STANDARD], ids=["quick", "standard"])
def test_a_dozen_shapes_per_rank(declaration: Declaration, dtype: str, *, quick: bool) -> None:
    """Catches a case that is given a shape of its own, which costs more than the case."""
    shapes: dict[int, set[tuple[int, ...]]] = defaultdict(set)
    for case in portfolio(declaration, dtype, quick=quick):
        if not is_size(case):
            shapes[case.x.ndim].add(case.x.shape)
    assert set(shapes) == set(declaration.ranks)
    assert max(map(len, shapes.values())) <= DOZEN + ("layer" in declaration.methods)


def test_calls_take_a_third_of_the_shapes() -> None:
    """Catches calls beside those of a case, with fewer samples, for which more is compiled."""
    called = []
    for few in (True, False):
        target = Counting(compiles_per_shape=few)
        session = InProcess(target).try_out()
        for case in portfolio(session.declaration, "float32", quick=True):
            session.run(case)
        called.append(len(target.shapes))
    assert 3 * called[0] < called[1]


@pytest.mark.parametrize("quick", [QUICK, STANDARD], ids=["quick", "standard"])
def test_sizes_come_last(*, quick: bool) -> None:
    """Catches a shape of its own that delays what can be said at once."""
    sizes = [
        is_size(case)
        for case in portfolio(PLAIN, "float32", quick=quick)
        if not case.name.endswith(AT_THE_END)
    ]
    assert any(sizes)
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("among", [("float32",), ("float16", "float32"), DTYPES], ids=" ".join)
def test_each_size_comes_in_one_dtype(among: tuple[str, ...]) -> None:
    """Catches a size that quick loses, or compiles in every dtype."""
    wanted = {case.name.split(", rank")[0] for case in portfolio(PLAIN, "float32", quick=True)
              if is_size(case)}  # fmt: skip
    given = [
        case.name.split(", rank")[0]
        for dtype in among
        for case in portfolio(PLAIN, dtype, quick=True, among=among)
        if is_size(case)
    ]
    assert len(given) == len(set(given))
    assert set(given) == wanted


def test_combined_sizes_reach_as_far() -> None:
    """Catches a number of values or channels that is beyond all that is tried."""
    compiled = portfolio(PLAIN, "float32")
    others = portfolio(replace(PLAIN, compiles_per_shape=False), "float32")
    for reach in (lambda case: case.count, lambda case: case.channels):
        assert max(map(reach, compiled)) == max(map(reach, others))


@pytest.mark.parametrize("channels", [1, 5])
def test_fixed_channels_are_kept(channels: int) -> None:
    """Catches a shape of the stock that the target cannot take."""
    declaration = replace(PLAIN, fixed={"channels": channels})
    for dtype in DTYPES:
        for quick in (QUICK, STANDARD):
            found = {case.channels for case in portfolio(declaration, dtype, quick=quick)}
            assert found == {channels}


def test_names_are_unique() -> None:
    """Relations find their other case by its name, and truth is kept by it."""
    for dtype in DTYPES:
        for declaration in (PLAIN, CHANNELS_LAST):
            names = [case.name for case in portfolio(declaration, dtype)]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("control", ["reference", "parts-layered", "channels-last"])
def test_every_property_is_tested_as_without(control: str) -> None:
    """Catches a property that has no case left, and a right implementation that is rejected."""
    make = next(c.make for c in CONTROLS if c.id == control)
    results = []
    for each in (make(), made(make())):
        session = InProcess(each).try_out()
        with np.errstate(all="ignore"):
            found = check(session, session.declaration, profile="quick", dtypes=DTYPES[:2])
        results.append({(r.property, r.dtype): (r.verdict, r.reason) for r in found.results})
    assert results[0] == results[1]
    assert "fail" not in {verdict for verdict, _ in results[1].values()}


@pytest.mark.parametrize(
    "mutant",
    [
        "eps/none",
        "backward/no-mean-term",
        "layout/square-transposed",
        "sizes/square-statistics",
        "sizes/narrow-planes",
        "sizes/subsampled",
        "state/mode-of-last-call",
    ],
)
def test_mutants_are_rejected(mutant: str) -> None:
    """Catches a shape or a call without which a known mistake passes."""
    each = made(mutant_of(mutant).shown())
    among = InProcess(each).declaration.dtypes
    found = (first_failures(each, dtype, PROPERTIES, among=among) for dtype in among)
    assert any(found)


def test_searched_cases_come_from_the_stock() -> None:
    """Catches a search that compiles a hundred shapes."""
    declaration = replace(PLAIN, dtypes=("float32",))
    allowed = {(count, channels) for count, channels in stock.SHAPES}

    def is_other(case: Case) -> bool:
        return (case.count, case.channels) not in allowed

    with pytest.raises(NoSuchExample):
        find(
            searched(declaration=declaration, dtype="float32"),
            is_other,
            settings=settings(max_examples=30, database=None),
        )


def test_second_instance_is_compared_all_the_same() -> None:
    """Catches a check of independent instances that is lost since compilation was found."""
    session = InProcess(BatchNorm())
    found = replace(session.declaration, compiles_per_shape=True)
    assert Executor(session.implementation, found).second is not None
