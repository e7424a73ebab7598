"""How long the calls of a target take, measured where they are announced."""

import time
from collections.abc import Callable

from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.executor import Executor
from bnproof.engine.model.case import Case
from bnproof.engine.model.observation import Observation

Clock = Callable[[], float]
CLOCKS: tuple[Clock, ...] = (time.perf_counter, time.process_time)


class Stopwatch:
    """Adds up the seconds between the announcement of each call and its return.

    A call took the smaller of wall time and CPU time: wall time includes other processes, and CPU
    time includes threads that spin after a call.

    >>> watch = Stopwatch(lambda call: None, lambda: None)
    >>> watch.announce("train")
    >>> watch.returned()
    >>> watch.seconds < 1
    True
    """

    def __init__(
        self, announce: Announce, returned: Returned, clocks: tuple[Clock, ...] = CLOCKS
    ) -> None:
        self.seconds = 0.0
        self._announce, self._returned, self._clocks = announce, returned, clocks
        self._began: list[float] = []

    def announce(self, call: str) -> None:
        """Pass an announcement on, and start."""
        self._announce(call)
        self._began = [clock() for clock in self._clocks]

    def returned(self) -> None:
        """Stop, and pass it on that the call returned."""
        now = [clock() for clock in self._clocks]
        if self._began:
            self.seconds += min(t - began for t, began in zip(now, self._began, strict=True))
        self._began = []
        self._returned()


def timed(executor: Executor, case: Case, announce: Announce, returned: Returned) -> Observation:
    """Run a case, and write down how long its calls took."""
    watch = Stopwatch(announce, returned)
    observation = executor.run(case, watch.announce, watch.returned)
    observation.seconds = watch.seconds
    return observation
