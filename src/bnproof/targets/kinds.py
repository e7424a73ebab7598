"""What a target was recognised as, in words."""

import inspect
from typing import Any


def recognised(found: Any) -> str:
    """The kind of a target and how it is adapted.

    >>> from bnproof.reference import BatchNorm
    >>> recognised(BatchNorm)
    'class BatchNorm, made without arguments; it is of the contract as it is'
    """
    from bnproof.implementations import (  # noqa: PLC0415  # adapters cost an import
        adapter_name,
        adapter_of,
        of_contract,
    )

    if of_contract(found):
        made = ", made without arguments" if isinstance(found, type) else ""
        return f"{_kind(found)}{made}; it is of the contract as it is"
    adapter = adapter_of(found)
    if adapter is None:
        return f"{_kind(found)}; recognised by names and behaviour"
    about = (inspect.getdoc(adapter) or "").split("\n\n")[0]
    sentence = " ".join(about.split()).split(": ")[0].rstrip(".")
    known = f"{_kind(found)}; adapter {adapter_name(adapter)}"
    return f"{known} ({sentence})" if sentence else known


def _kind(found: Any) -> str:
    if isinstance(found, tuple):
        return "functions " + " and ".join(getattr(part, "__name__", "?") for part in found)
    if inspect.isroutine(found):
        return f"function {found.__name__}"
    if isinstance(found, type):
        return f"class {found.__name__}"
    return f"instance of {type(found).__name__}"
