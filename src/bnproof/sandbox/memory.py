"""How much memory a target may have: sizes as users write them, and what the machine has."""

import os
import re
from contextlib import suppress
from pathlib import Path

from bnproof.engine.wording.memory_sizes import UNITS

_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[KMGT]?)(i?B)?", re.IGNORECASE)
CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says what a container may have."""


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
