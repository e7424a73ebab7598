"""Adapters that third parties register are asked before anything else."""

from importlib import metadata
from typing import Any

import pytest

from bnproof.implementations import GROUP, variants


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


class Point:
    """An entry point."""

    def load(self) -> type[Adapter]:
        """The adapter."""
        return Adapter


def test_third_parties_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an object of a library that is taken for one of the contract."""

    def points(group: str) -> list[Point]:
        assert group == GROUP
        return [Point()]

    monkeypatch.setattr(metadata, "entry_points", points)

    assert variants(Theirs()) == ["adapted Theirs"]
