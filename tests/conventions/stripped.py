"""Implementations of the zoo without what they declare of their conventions."""

import importlib
from typing import Any

zoo: Any = importlib.import_module("tests.zoo.listing")  # mypy knows it by another name
FOLDER, load, right = zoo.FOLDER, zoo.load, zoo.right

LIMITS = ("dtypes", "parameter_dtypes", "fixed", "accepts", "flush_to_zero", "keeps_strides")
"""What has to be known to call a target at all, and so is kept."""


class Stripped:
    """The methods of an implementation, its limits, and nothing of its conventions."""

    def __init__(self, implementation: Any) -> None:
        for name in ("train", "infer", "layer", *LIMITS):
            if getattr(implementation, name, None) is not None:
                setattr(self, name, getattr(implementation, name))
