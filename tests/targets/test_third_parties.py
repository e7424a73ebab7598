"""Adapters that third parties register are asked before anything else."""

from importlib import metadata
from typing import Any

import pytest

from bnproof.implementations import GROUP, variants
from bnproof.recognition.errors import Unusable
from bnproof.targets.loading import variants_of


class Adapter:
    """An adapter for objects that look like ones of the contract."""

    @staticmethod
    def recognises(target: Any) -> bool:
        """Objects with a mark."""
        return hasattr(target, "of_a_library")

    @staticmethod
    def build(target: Any) -> list[Any]:
        """Something else than the object itself."""
        return [f"adapted {type(target).__name__}"]


class Theirs:
    """An object with a method called train, as layers of libraries have."""

    of_a_library = True

    def train(self) -> None:
        """Set the mode."""


class Careless:
    """An adapter with mistakes of its own."""

    recognises = staticmethod(Adapter.recognises)

    @staticmethod
    def build(target: Any) -> list[Any]:
        """Fail."""
        raise KeyError(f"no {type(target).__name__}")


def register(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Register an adapter of this file as packages do."""

    def points(group: str) -> list[metadata.EntryPoint]:
        assert group == GROUP
        return [metadata.EntryPoint("lib", f"{__name__}:{name}", group)]

    monkeypatch.setattr(metadata, "entry_points", points)


def test_third_parties_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an object of a library that is taken for one of the contract."""
    register(monkeypatch, "Adapter")
    assert variants(Theirs()) == ["adapted Theirs"]


def test_an_adapter_that_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a mistake of a third party that is reported as one of ours, or without its name."""
    register(monkeypatch, "Careless")
    with pytest.raises(Unusable) as caught:
        variants(Theirs())
    assert caught.value.reason == "the adapter Careless raised KeyError: 'no Theirs'"
    assert caught.value.line.startswith("test_third_parties.py, line ")


def test_an_adapter_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a package that is installed by half, and then stops every check with a traceback."""
    register(monkeypatch, "NoSuchAdapter")
    with pytest.raises(Unusable, match=r"the adapter .*:NoSuchAdapter raised AttributeError"):
        variants(Theirs())


def test_a_mistake_of_ours_is_no_mistake_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a fault in a recogniser that is reported as one of the user's code."""

    def faulty(_: Any) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("bnproof.recognition.functions.recognise_functions", faulty)
    with pytest.raises(KeyError, match="ours"):
        variants_of("mine.py:bn", lambda x, gamma, beta: x)
