"""The limit of memory of a worker process; it needs a system that has such limits."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def used() -> int:
    """The bytes that this process has mapped for itself, as its limit counts them."""
    with suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        if found := re.search(r"VmData:\s+(\d+) kB", status):
            return int(found[1]) * 1024
    return 0


class Limit:
    """A limit of this process, which counts from what it uses now.

    It holds while the target is running; what else this process does is not to fail by it.  Memory
    is counted as it is asked for, private and writable: address space that is only reserved, as by
    CUDA or by threads, is not.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        self._soft = used() + size
        if self._hard != resource.RLIM_INFINITY:
            self._soft = min(self._soft, self._hard)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Let the limit hold inside of the context."""
        self.hold()
        try:
            yield
        finally:
            self.lift()

    def hold(self) -> None:
        """Let the limit hold from now on."""
        resource.setrlimit(resource.RLIMIT_DATA, (self._soft, self._hard))

    def lift(self) -> None:
        """Let this process have what the user's own limit allows."""
        resource.setrlimit(resource.RLIMIT_DATA, (self._hard, self._hard))
