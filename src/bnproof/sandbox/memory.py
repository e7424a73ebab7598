"""How much memory a target may have: sizes as users write them, and the limit of a process."""

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bnproof.report.wording.sizes import UNITS

_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[KMGT]?)(i?B)?", re.IGNORECASE)
CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says what a container may have."""
SHORTAGE = ("MemoryError", "bad_alloc", "allocate memory", "Cannot allocate", "OutOfMemory")
"""What exceptions say of NumPy, C++, torch, the C library and others."""


class SizeError(ValueError):
    """No size of memory; the message is one line for the user."""


def parse_size(text: str) -> int:
    """A number of bytes, of a text such as 512M, 2G, 1.5GiB or 1000000; K is 1024.

    Raises SizeError for anything else.

    >>> parse_size("2G"), parse_size("1.5 KiB"), parse_size("4096")
    (2147483648, 1536, 4096)
    """
    found = _SIZE.fullmatch(text.strip())
    size = 0
    if found is not None:
        size = int(float(found["number"]) * 2 ** UNITS[found["unit"].upper()])
    if size <= 0:
        raise SizeError(f"{text!r} is not a size of memory; write it as 512M, 2G or 1.5G")
    return size


def is_shortage(raised: str) -> bool:
    """Whether an exception, as one line, was raised for want of memory.

    >>> is_shortage("MemoryError"), is_shortage("ValueError: no memory of it")
    (True, False)
    """
    return any(sign in raised for sign in SHORTAGE)


def half_of_the_machine() -> int:
    """Half of the bytes that this machine has, or that this container may use."""
    sizes = [physical()]
    for path in CONTROL_GROUPS:
        with suppress(OSError, ValueError):
            sizes.append(int(path.read_text(encoding="ascii")))
    return min(sizes) // 2


def physical() -> int:
    """The bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


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
