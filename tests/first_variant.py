"""The implementation that a target stands for, where a test needs only one."""

from typing import Any

from bnproof.implementations import variants


def adapt(target: Any) -> Any:
    """Return the first implementation that a target stands for."""
    return variants(target)[0]
