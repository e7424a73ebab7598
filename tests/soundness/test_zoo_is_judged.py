"""Implementations that the suite was not written for: right ones accepted, wrong ones rejected.

The zoo was written from the contract alone; tests/zoo/test_zoo.py shows that its right members
are right, and its wrong ones wrong, without this suite.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bnproof.check.one_implementation import check
from bnproof.engine.contract.declaration import ContractError, declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.verdict import Profile
from bnproof.properties.catalogue import PROPERTIES
from bnproof.selftest.rejection import first_failures

ZOO = Path(__file__).parents[1] / "zoo"


def load(path: Path) -> ModuleType:
    """A file of the zoo as a module, with its own folder first on the path, as a target's is."""
    for name in [n for n, m in sys.modules.items() if str(ZOO) in str(getattr(m, "__file__", ""))]:
        sys.modules.pop(name)
    spec = importlib.util.spec_from_file_location(f"zoo_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def members(kind: str) -> Iterator[tuple[Path, str]]:
    """Path and class of every member of a kind."""
    for path in sorted((ZOO / kind).glob("*.py")):
        module = load(path)
        for name, value in vars(module).items():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue
            offered = any(callable(getattr(value, m, None)) for m in ("train", "infer", "layer"))
            if offered and not name.startswith("_") and not value.__dict__.get("abstract"):
                yield path, name


RIGHT, WRONG = list(members("right")), list(members("wrong"))
EVERY = 8  # without --whole every eighth member is judged, so that CI has time for the rest


def _names(found: list[tuple[Path, str]]) -> list[str]:
    return [f"{path.stem}-{name}" for path, name in found]


def _turn(number: int, request: pytest.FixtureRequest) -> int:
    """The number of a member among those that are judged; others are skipped."""
    if number % EVERY and not request.config.getoption("whole"):
        pytest.skip("every eighth without --whole")
    return number // EVERY


def violated(path: Path, name: str, dtype: str, *, profile: Profile = "quick") -> list[str]:
    """Ids of the violated properties."""
    implementation: Any = getattr(load(path), name)()
    try:
        session = InProcess(implementation).try_out()
    except ContractError as error:
        return [f"contract: {error}"]
    results = check(session, session.declaration, profile=profile, dtypes=[dtype]).results
    return sorted({r.property for r in results if r.verdict == "fail"})


def is_rejected(path: Path, name: str) -> bool:
    """Whether any dtype is, by the quick profile or by the standard one."""
    dtypes = declaration_of(getattr(load(path), name)()).dtypes
    try:
        quick = any(first_failures(getattr(load(path), name)(), d, PROPERTIES) for d in dtypes)
    except ContractError:
        return True
    return quick or any(violated(path, name, d, profile="standard") for d in dtypes)


@pytest.mark.filterwarnings("ignore")  # what a target warns of is its own affair
@pytest.mark.parametrize(("path", "name"), RIGHT, ids=_names(RIGHT))
def test_right_is_accepted(path: Path, name: str, request: pytest.FixtureRequest) -> None:
    """A bound that is too tight, or a property that asks too much, accuses one of these."""
    dtypes = declaration_of(getattr(load(path), name)()).dtypes
    turn = _turn(RIGHT.index((path, name)), request) % len(dtypes)
    looked_at = dtypes if request.config.getoption("whole") else dtypes[turn : turn + 1]
    for dtype in looked_at:
        assert violated(path, name, dtype) == []


@pytest.mark.filterwarnings("ignore")  # what a target warns of is its own affair
@pytest.mark.parametrize(("path", "name"), WRONG, ids=_names(WRONG))
def test_wrong_is_rejected(path: Path, name: str, request: pytest.FixtureRequest) -> None:
    """Data or a property that is missing lets one of these pass."""
    _turn(WRONG.index((path, name)), request)
    assert is_rejected(path, name)


def test_there_are_enough() -> None:
    """An empty folder would make both tests above pass."""
    assert len(RIGHT) >= 190
    assert len(WRONG) >= 320
