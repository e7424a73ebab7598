"""Whole torch modules: each promise is broken by some wrong module, and no right one is rejected.

Without ``--whole`` every third module is judged, in float32.
"""

from importlib import import_module
from typing import Any

import pytest
from tests.modules.judged import MODULES, JudgedModule

from bnproof.engine.model.demand import Demand
from bnproof.properties.catalogue import PROPERTIES
from bnproof.properties.modules import initial_values
from bnproof.reference import BatchNorm
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import prepare

WRONG: dict[str, tuple[Any, tuple[str, ...]]] = import_module("tests.modules.wrong").WRONG
RIGHT: dict[str, Any] = import_module("tests.modules.right").RIGHT
NN: Any = import_module("torch").nn
EVERY = 3
ALWAYS = ("FourFaults", "torch's images", "torch's lazy rows", "Quiet", "Lesson")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All modules with --whole, else every third and a few others."""
    for name, members in (("wrong", WRONG), ("right", RIGHT)):
        if name in metafunc.fixturenames:
            whole = metafunc.config.getoption("whole")
            listed = list(members)
            some = [n for i, n in enumerate(listed) if n in ALWAYS or i % EVERY == 0]
            metafunc.parametrize(name, listed if whole else some)


@pytest.fixture
def dtypes(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """float64 as well with --whole."""
    return ("float32", "float64") if request.config.getoption("whole") else ("float32",)


def test_wrong_modules_are_rejected(wrong: str) -> None:
    """Catches a promise that nothing holds a module to."""
    kind, properties = WRONG[wrong]

    assert set(properties) <= JudgedModule(kind).of("fail")


def test_right_modules_are_accepted(right: str, dtypes: tuple[str, ...]) -> None:
    """Catches a demand that is not one of torch's, or that such a module does not promise."""
    assert JudgedModule(RIGHT[right], dtypes=dtypes).failures == []


def test_each_demand_is_a_property_that_rejects_several_modules() -> None:
    """Catches a demand without a property, or one that nothing was seen to break."""
    assert [p.id for p in MODULES] == [f"module/{demand}" for demand in Demand]
    for property_ in MODULES:
        breaking = [name for name, (_, ids) in WRONG.items() if property_.id in ids]
        assert len(breaking) > 1, property_.id


def test_torchs_module_is_held_to_every_demand() -> None:
    """Catches an experiment that does not run, so that its property is always left out."""
    assert JudgedModule(NN.BatchNorm2d).of("pass") == {p.id for p in MODULES}


def test_other_implementations_have_no_properties_of_modules() -> None:
    """Catches reports on NumPy code that speak of state_dict."""
    (prepared,) = prepare([BatchNorm()], BatchNorm, Outside())
    concerned = [p for p in PROPERTIES if p.concerns(prepared.declaration, "float32")]

    assert concerned == [p for p in PROPERTIES if p not in MODULES]
    assert initial_values.unsupported(prepared.declaration) == "needs a torch module"


def test_what_differs_on_purpose_is_declared() -> None:
    """Catches a declaration without effect."""
    kind, _ = WRONG["BiasStartsAtOne"]
    declared = JudgedModule(kind, declare=["differs=initial-values"])

    assert declared.of("fail") == set()
    (result,) = [r for r in declared.results if r.property == "module/initial-values"]
    assert result.reason == "this target declares that it differs from torch: initial-values"


def test_plain_averages_are_noted() -> None:
    """Catches a loss of statistics that nobody hears of."""
    notes = JudgedModule(RIGHT["Lesson"]).notes

    assert any("moving_mean in state_dict(): expected saved, got not saved" in n for n in notes)
