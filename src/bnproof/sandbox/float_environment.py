"""The floating-point environment of a thread: how it rounds, what it flushes, what it traps.

fegetenv and fesetenv of the C library take it as a whole, control and status; only the control is
compared here, since every operation changes the status.
"""

import ctypes
import platform
import struct
from functools import cache

SIZE = 256  # bytes; the largest fenv_t of any C library is a fraction of that
X87, MXCSR = 0, 28  # where the two control words are in the fenv_t of x86-64
CONTROL = 0xFFC0  # the bits of MXCSR that are not flags of what has happened
FLUSH = 0x8040  # flush to zero, denormals are zero
ROUNDING = 0x6000
WORDS = (
    "another rounding mode in the processor",
    "other subnormals in the processor (flush to zero)",
    "other traps in the processor",
)
AARCH64_FLUSH = 1 << 24
AARCH64_ROUNDING = 3 << 22


def get() -> bytes:
    """The environment of this thread, b"" where the C library has no such thing."""
    library = _library()
    if library is None:
        return b""
    buffer = ctypes.create_string_buffer(SIZE)
    library.fegetenv(buffer)
    return buffer.raw


def put(environment: bytes) -> None:
    """Set the environment of this thread to one that `get` gave."""
    library = _library()
    if library is not None and environment:
        library.fesetenv(ctypes.create_string_buffer(environment, SIZE))


def differences(before: bytes, after: bytes) -> list[str]:
    """In which ways two environments compute differently, in words.

    >>> differences(get(), get())
    []
    """
    if not before or before[:64] == after[:64]:
        return []
    old, new = _control(before), _control(after)
    return [word for word, a, b in zip(WORDS, old, new, strict=True) if a != b]


def _control(environment: bytes) -> tuple[int, int, int]:
    """What of an environment is control: rounding, flushing, and all else."""
    machine = platform.machine()
    if machine in ("x86_64", "AMD64"):
        (x87,) = struct.unpack_from("<H", environment, X87)
        (mxcsr,) = struct.unpack_from("<I", environment, MXCSR)
        rest = mxcsr & CONTROL & ~FLUSH & ~ROUNDING
        return (mxcsr & ROUNDING) | (x87 & 0x0C00) << 16, mxcsr & FLUSH, rest | (x87 & 0x3F) << 16
    if machine in ("aarch64", "arm64"):
        (control,) = struct.unpack_from(
            "<Q" if platform.system() == "Darwin" else "<I", environment
        )
        rest = control & ~AARCH64_FLUSH & ~AARCH64_ROUNDING
        return control & AARCH64_ROUNDING, control & AARCH64_FLUSH, rest
    return 0, 0, 0


@cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    has_both = hasattr(library, "fegetenv") and hasattr(library, "fesetenv")
    return library if has_both else None
