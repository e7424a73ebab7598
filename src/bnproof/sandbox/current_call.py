"""Which call of the target is under way: a page of memory that a worker writes, its session reads.

A check calls its target ten thousand times and more, and the session needs to know of a call only
if it does not return.  Writing into memory costs no system call.  The worker has no descriptor of
the page: mmap.mmap keeps a copy of the one that it is given, which a target that writes to every
descriptor would find, so the page is mapped by the C library.
"""

import ctypes
import mmap
import os
import struct
import tempfile
from typing import NamedTuple

SIZE = mmap.PAGESIZE
NAME = 200  # bytes of a call's name that are kept
VERSION = struct.Struct("=I")
BODY = struct.Struct(f"=Id??H{NAME}s")
END = VERSION.size + BODY.size
TRIES = 100  # an honest worker is not in the middle of writing so often
FAILED = ctypes.c_void_p(-1).value


class CurrentCall(NamedTuple):
    """What a worker says of its latest call.

    Attributes:
        version: changes with every entry.
        message: the number of the session's message that it answers, from 1 on.
        since: when the call was made, on the monotonic clock that all processes share.
        repeated: whether a call of this name was made before while answering the message.
        over: whether all calls for the message are over.
        name: of the call.
    """

    version: int
    message: int
    since: float
    repeated: bool
    over: bool
    name: str


class CallPage:
    """The page, as one of the processes sees it.

    >>> descriptor = shared_memory()
    >>> page, same_page = CallPage(descriptor), CallPage(descriptor)
    >>> page.write(1, 2.5, "train")
    >>> same_page.read()
    CurrentCall(version=1, message=1, since=2.5, repeated=False, over=False, name='train')
    >>> page.close(), same_page.close(), os.close(descriptor)
    (None, None, None)
    """

    def __init__(self, descriptor: int) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        library.mmap.restype = ctypes.c_void_p
        library.mmap.argtypes = (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_long,
        )
        library.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        protection = mmap.PROT_READ | mmap.PROT_WRITE
        address = library.mmap(None, SIZE, protection, mmap.MAP_SHARED, descriptor, 0)
        if address in (None, FAILED):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._address: int | None = address
        self._unmap = library.munmap
        self._bytes: ctypes.Array[ctypes.c_char] = (ctypes.c_char * SIZE).from_address(address)
        self._version = 0

    def write(
        self, message: int, since: float, name: str, *, repeated: bool = False, over: bool = False
    ) -> None:
        """Say which call is made."""
        text = name.encode(errors="replace")[:NAME]
        version = self._version = (self._version + 1) & 0xFFFFFFFF
        # a reader looks at the versions in the opposite order: equal ones enclose a whole entry
        VERSION.pack_into(self._bytes, 0, version)
        BODY.pack_into(
            self._bytes, VERSION.size, message & 0xFFFFFFFF, since, repeated, over, len(text), text
        )
        VERSION.pack_into(self._bytes, END, version)

    def read(self) -> CurrentCall | None:
        """The entry that was written last; None before the first and in the middle of one.

        A target may write anything here, so that any bytes give an entry.
        """
        for _ in range(TRIES):
            (version,) = VERSION.unpack_from(self._bytes, END)
            message, since, repeated, over, length, text = BODY.unpack_from(
                self._bytes, VERSION.size
            )
            if VERSION.unpack_from(self._bytes, 0) == (version,):
                name = text[:length].decode(errors="replace")
                return (
                    CurrentCall(version, message, since, repeated, over, name) if version else None
                )
        return None

    def close(self) -> None:
        """Unmap the page; what was written last can still be read."""
        last, self._bytes = self._bytes.raw, ctypes.create_string_buffer(SIZE)
        self._bytes.raw = last
        if self._address is not None:
            self._unmap(self._address, SIZE)
        self._address = None


def shared_memory() -> int:
    """A descriptor of memory for one page, for another process; the caller closes it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("bnproof")
        os.ftruncate(descriptor, SIZE)
        return descriptor
    with tempfile.TemporaryFile() as file:  # macOS
        file.write(bytes(SIZE))
        file.flush()
        return os.dup(file.fileno())
