"""The errors for a target that was found and is not, or cannot be used as, an implementation."""

from typing import Any

from bnproof.engine.contract.declaration import ContractError


class Unusable(ContractError):  # noqa: N818  # a fact about the target
    """A target that was recognised but cannot be called.

    Attributes:
        reason: what was tried and what came of it, in a sentence.
        line: the line of the user's file that raised, "" where there is none.
    """

    def __init__(self, reason: str, line: str = "") -> None:
        super().__init__(f"{reason}\n{line}" if line else reason)
        self.reason, self.line = reason, line


class NotRecognised(TypeError):  # noqa: N818  # a fact about the target, and a TypeError to callers
    """A target of a form that nothing knows.

    Attributes:
        target: the object.
    """

    def __init__(self, target: Any) -> None:
        kind = target if isinstance(target, type) else type(target)
        named = f"{kind.__module__}.{kind.__qualname__}"
        super().__init__(
            f"{named} is not recognised as a batch normalization; see `bnproof targets` for the "
            "forms that are, or write a class with train(x, gamma, beta, running_mean, running_var)"
        )
        self.target = target
