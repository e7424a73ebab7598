"""The call that a session waits for: which one it is, and how long it may take."""

import time
from collections.abc import Iterable

from bnproof.sandbox.child import Child
from bnproof.sandbox.time_limits import CallLimits


class CallWatch:
    """Which call of the target is under way while a reply is waited for, and until when.

    The reply to the message ``number`` may take ``seconds``; with ``limits`` they count until the
    first call, and each call has its own limit, by its name and the ``kind`` of data.

    Attributes:
        call: the latest call of the target, as far as is known.
        limit: the seconds that hold at present.
    """

    def __init__(
        self, child: Child, number: int, kind: str, limits: CallLimits | None, seconds: float
    ) -> None:
        self._child, self._number, self._kind, self._limits = child, number, kind, limits
        self._since = time.monotonic()
        self._seen = 0
        self.call, self.limit = "preparation", seconds

    def deadline(self) -> float:
        """When, on the monotonic clock, the reply has to be there."""
        self.look()
        return self._since + self.limit

    def look(self) -> None:
        """See what the worker wrote down."""
        found = self._child.current_call()
        if found is None or found.message != self._number or found.version == self._seen:
            return
        self._seen, self.call = found.version, found.name
        if self._limits is None:
            return
        now = time.monotonic()
        # after the last call the answer is on its way; a time to come was invented by the target
        self._since = found.since if found.since <= now and not found.over else now
        kind = f"{found.name}, {self._kind}"
        self.limit = self._limits.limit(kind, repeated=found.repeated or found.over)

    def returned(self, calls: Iterable[str]) -> None:
        """The reply is there, and these calls were made for it."""
        if self._limits is not None:
            self._limits.returned(f"{call}, {self._kind}" for call in calls)
