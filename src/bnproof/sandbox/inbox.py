"""The messages of a worker, read so that nothing it does can block the reader.

Connection.recv waits for the rest of a message that has begun.  A target may write to the worker's
end, or stop the worker in the middle of a message; so the bytes are read here as they come, in the
form that Connection.send gives them: a length of 4 bytes, or -1 and one of 8, and a pickle.
"""

import os
import pickle
import struct
from multiprocessing.connection import Connection
from typing import Any

CHUNK = 1 << 20
LARGEST = 1 << 30  # bytes; far more than the results of any case


class Garbled(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """What came is no message of a worker."""


class Inbox:
    """What one connection has brought so far."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._bytes = bytearray()

    def next(self, seconds: float) -> tuple[Any, ...] | None:
        """The next message, or None if it is not whole after so many seconds without news.

        Raises EOFError if there will be no more, and Garbled for what is no message.
        """
        while (message := self._whole()) is None:
            if not self._connection.poll(seconds):
                return None
            if not (more := os.read(self._connection.fileno(), CHUNK)):
                raise EOFError
            self._bytes += more
        return message

    def _whole(self) -> tuple[Any, ...] | None:
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
