"""Blocks of rows: what is done to large arrays is done to a part of them at a time.

Their size keeps what a block needs in the cache of a processor, and memory bounded: arrays of
64 KiB, which C's malloc does not fetch from the system each time (it does from 128 KiB on).
"""

from collections.abc import Iterator

BLOCK = 2**13
"""Elements of a block, or one row, which may have more."""


def row_blocks(count: int, channels: int, size: int = BLOCK) -> Iterator[slice]:
    """The rows of an array (count, channels) in blocks; nothing of an array without rows.

    >>> list(row_blocks(5, 2, size=4))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = max(1, size // max(1, channels))
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))
