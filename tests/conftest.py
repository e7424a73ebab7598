"""What all tests share: the option to be thorough where CI makes do with less."""

import os

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in workers; before torch is imported


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --whole."""
    parser.addoption(
        "--whole",
        action="store_true",
        help="judge all implementations of the zoo in all their dtypes, not every fifth in one",
    )
