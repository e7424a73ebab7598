"""Messages to and from a worker, so that nothing it does can block its session.

Connection.recv waits for the rest of a message that has begun, and Connection.send until the other
side reads.  A target may write to the worker's end, or stop the worker in the middle of a message;
and a worker that is busy with one case reads no other.  So bytes are written and read here as far
as they go at once, in the form that Connection.send gives them: a length of 4 bytes, or -1 and one
of 8, and a pickle.
"""

import os
import pickle
import struct
from collections import deque
from multiprocessing.reduction import ForkingPickler
from typing import Any

CHUNK = 1 << 20
LARGEST = 1 << 30  # bytes; far more than the results of any case


class Garbled(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """What came is no message of a worker."""


class Outbox:
    """What is to be written to a descriptor, which must not block.

    Attributes:
        size: bytes that are not written yet.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[memoryview] = deque()
        self.size = 0

    def put(self, message: tuple[Any, ...]) -> None:
        """Add a message, and write what can be written."""
        body = ForkingPickler.dumps(message)
        size = len(body)
        head = struct.pack("!i", size) if size <= 0x7FFFFFFF else struct.pack("!iQ", -1, size)
        for part in (head, body):
            self._waiting.append(memoryview(part))
            self.size += len(part)
        self.write()

    def write(self) -> bool:
        """Write what can be written without waiting; whether it was anything.

        What nobody will read is dropped.
        """
        before = self.size
        try:
            while self._waiting:
                part = self._waiting[0]
                written = os.write(self._descriptor, part)
                self.size -= written
                if written == len(part):
                    self._waiting.popleft()
                else:
                    self._waiting[0] = part[written:]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self._waiting.clear()
            self.size = 0
        return self.size < before


class Inbox:
    """What came from a descriptor so far, which must not block."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._bytes = bytearray()

    @property
    def size(self) -> int:
        """Bytes that nobody has asked for yet."""
        return len(self._bytes)

    def read(self) -> bool:
        """Read what is there; whether it was anything.

        Raises EOFError if there will be no more.
        """
        try:
            more = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return False
        if not more:
            raise EOFError
        self._bytes += more
        return True

    def next(self) -> tuple[Any, ...] | None:
        """The next message of those that were read, None if it is not whole.

        Raises Garbled for what is no message.
        """
        head, size = self._head()
        if head == 0 or len(self._bytes) < head + size:
            return None
        body = bytes(memoryview(self._bytes)[head : head + size])
        del self._bytes[: head + size]
        try:
            message = pickle.loads(body)  # noqa: S301  # our own worker's, who runs the same code
        except Exception as error:
            raise Garbled from error
        if not isinstance(message, tuple):
            raise Garbled
        return message

    def _head(self) -> tuple[int, int]:
        """The sizes of the head and of the body of the next message; a head of 0 is not whole."""
        if len(self._bytes) < 4:
            return 0, 0
        head, (size,) = 4, struct.unpack_from("!i", self._bytes)
        if size == -1:
            if len(self._bytes) < 12:
                return 0, 0
            head, (size,) = 12, struct.unpack_from("!Q", self._bytes, 4)
        if not 0 <= size <= LARGEST:
            raise Garbled
        return head, size
