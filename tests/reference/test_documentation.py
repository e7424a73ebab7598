"""The examples in the docstrings of the reference."""

import doctest
import importlib
import pkgutil

import pytest

import bnproof.reference

MODULES = [m.name for m in pkgutil.iter_modules(bnproof.reference.__path__, "bnproof.reference.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    """Catch an example that no longer shows what the code does."""
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0
