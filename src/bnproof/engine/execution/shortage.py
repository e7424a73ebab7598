"""Whether an exception was raised for want of memory."""

SIGNS = ("MemoryError", "bad_alloc", "allocate memory", "Cannot allocate", "OutOfMemory")
"""What exceptions say of NumPy, C++, torch, the C library and others."""

OURS = __name__.partition(".")[0]


def is_shortage(error: BaseException) -> bool:
    """Whether memory ran out, by the type of an exception and what another library says in it.

    What an exception of ours says is not looked at, but what it was raised for.

    >>> is_shortage(MemoryError()), is_shortage(RuntimeError("std::bad_alloc"))
    (True, True)
    >>> is_shortage(ValueError("no memory of it"))
    False
    """
    found: BaseException | None = error
    while found is not None and _is_ours(found):
        found = found.__cause__ or found.__context__
    if found is None:
        return False
    return type(found).__name__.endswith("MemoryError") or any(s in str(found) for s in SIGNS)


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == OURS
