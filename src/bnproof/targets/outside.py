"""What a user says of a target from outside: declared attributes, parts that do not exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bnproof.recognition.recognised import Part


@dataclass(frozen=True)
class Outside:
    """Conventions declared from outside, for any kind of target.

    Attributes:
        declared: values of attributes of the contract by name, already checked.
        without: parts that the user says do not exist.
        identify: whether the conventions found by probing are used.
    """

    declared: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[Part, ...] = ()
    identify: bool = False
