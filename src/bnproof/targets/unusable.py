"""The error for a target that was found, and that cannot be used."""

from bnproof.properties.contract import ContractError


class Unusable(ContractError):
    """A target that was recognised but cannot be called.

    Attributes:
        reason: what was tried and what came of it, in a sentence.
        line: the line of the user's file that raised, "" where there is none.
    """

    def __init__(self, reason: str, line: str = "") -> None:
        super().__init__(f"{reason}\n{line}" if line else reason)
        self.reason, self.line = reason, line
