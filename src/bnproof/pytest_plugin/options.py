"""The options of the plugin; reading them imports nothing that costs time."""

import argparse
import math
from pathlib import Path

import pytest

from bnproof.engine.model.verdict import PROFILES

ASKED = ("profile", "seed", "timeout", "memory")
"""What --bnproof-NAME asks of a check."""


def add_options(parser: pytest.Parser) -> None:
    """Add --bnproof and the settings of its checks."""
    group = parser.getgroup("bnproof", "checks of batch normalization")
    group.addoption(
        "--bnproof",
        action="append",
        default=[],
        metavar="TARGET",
        help="check an implementation: reference, module:attribute, file.py:attribute or "
        "file.py:forward,backward; may be repeated",
    )
    group.addoption(
        "--bnproof-profile",
        choices=PROFILES,
        default="standard",
        help="how many cases: the portfolio, a hundred searched ones more (the default), or "
        "minutes of search",
    )
    group.addoption(
        "--bnproof-known",
        type=Path,
        metavar="FILE",
        help="failures that are known, and xfail",
    )
    group.addoption(
        "--bnproof-seed", type=_seed, default=0, metavar="N", help="seed of all data (default: 0)"
    )
    group.addoption(
        "--bnproof-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="limit for one call of the target (default: 30)",
    )
    group.addoption(
        "--bnproof-declare",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="declare an attribute of the contract, such as momentum_weighs=old; may be repeated",
    )
    group.addoption(
        "--bnproof-without",
        action="append",
        default=[],
        metavar="PART",
        help="state that a part does not exist, such as evaluation; may be repeated",
    )
    group.addoption(
        "--bnproof-identify",
        action="store_true",
        help="find the conventions that nothing declares by probing, and use them",
    )
    group.addoption(
        "--bnproof-memory",
        type=_bytes,
        metavar="SIZE",
        help="limit for a target, such as 2G (default: half of the machine's)",
    )


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def _bytes(text: str) -> int:
    from bnproof.sandbox.memory import SizeError, parse_size  # noqa: PLC0415  # only if asked

    try:
        return parse_size(text)
    except SizeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds
