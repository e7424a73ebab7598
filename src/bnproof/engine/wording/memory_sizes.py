"""Sizes of memory in words."""

UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
"""Powers of two by the letter that users write."""


def size_in_words(size: int) -> str:
    """A size as a user would write it.

    >>> size_in_words(2147483648), size_in_words(1536), size_in_words(100)
    ('2G', '1.5K', '100')
    """
    unit = next(u for u in reversed(UNITS) if size >= 2 ** UNITS[u] or not u)
    return f"{size / 2 ** UNITS[unit]:.4g}{unit}"
