"""Results of earlier calls, kept to see whether they change."""

from dataclasses import dataclass

from bnproof.engine.model.formats import Array


@dataclass(frozen=True)
class Kept:
    """A result of an earlier call, as the implementation returned it, and the bytes that it had."""

    name: str
    of: str
    live: Array
    before: bytes

    @property
    def is_unchanged(self) -> bool:
        """Whether it is what it was."""
        return self.live.tobytes() == self.before
