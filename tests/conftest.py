"""What all tests share: the option to be thorough where CI makes do with less."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in workers; before torch is imported


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that failures are saved in: not the one of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("BNPROOF_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="session")
def _keep_truths() -> Iterator[None]:
    """Keep more truths than a check does: tests judge many implementations on the same cases."""
    from bnproof.engine.truth.bounds.expected_by_data import EXPECTED  # noqa: PLC0415  # when tests run

    limit, EXPECTED.limit = EXPECTED.limit, 2**21
    yield
    EXPECTED.limit = limit


def pytest_configure(config: pytest.Config) -> None:
    """What jax compiles is kept: each sandbox would otherwise compile every shape once more.

    Processes of xdist have a folder each, since jax may read what another one has half written.
    """
    if cache := getattr(config, "cache", None):
        folder = cache.mkdir(f"jax-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --whole."""
    parser.addoption(
        "--whole",
        action="store_true",
        help="judge all implementations of the zoo in all their dtypes, not every eighth in one",
    )


LONG = ("tests/forms/", "tests/spec/", "tests/replay/")
"""Folders with tests of ten seconds: begun last, they would keep one process busy alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that take long."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
