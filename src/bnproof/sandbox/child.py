"""A worker process as its session holds it: start, talk, wait with a deadline, kill.

The process that is started here is the worker's guard, which forks the worker, ends as it ends, and
ends it with all its children as soon as its standard input says so or is closed.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bnproof.recognition.frames import exit_in_words, last_words
from bnproof.sandbox.current_call import CallPage, CurrentCall, shared_memory
from bnproof.sandbox.inbox import Garbled, Inbox, Outbox

KEPT = 16384  # bytes of what a target printed that are kept
POLL = 0.1  # seconds between looks at a worker that says nothing
ENDING = 6.0  # seconds for a guard to end what a target has started
KEPT_AHEAD = 64 << 20  # bytes of answers that are fetched before they are asked for


class Died(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """The worker is gone; the message says how.

    Attributes:
        said: what it printed last, "" if nothing; ``printed`` is that as the end of a sentence.
        call: in which call, "" for the one that it wrote down last.
        killed: whether by SIGKILL, which a system sends that is short of memory.
    """

    def __init__(self, how: str, said: str, call: str = "", *, killed: bool = False) -> None:
        super().__init__(how)
        self.said = said
        self.call = call
        self.killed = killed
        self.printed = f": {said}" if said else ""


class TimedOut(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """The worker did not answer in time, and was killed."""


class Child:
    """A running worker.

    Whatever the target prints goes to a pipe that a thread empties, so that megabytes of it can
    neither block the worker nor reach the report; the end of it is kept for a crash's detail.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        memory = shared_memory()
        self._page = CallPage(memory)
        command = [sys.executable, "-P", "-m", "bnproof.sandbox.guard"]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [*command, str(theirs.fileno()), str(memory), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(), memory),
            start_new_session=True,  # Ctrl-C is ours to handle
            env=_environment(),
            bufsize=0,
        )
        theirs.close()
        os.close(memory)
        self._socket, self._sent = ours, 0
        self._inbox, self._outbox = Inbox(ours.fileno()), Outbox(ours.fileno())
        self._events = select.poll()
        self._printed = bytearray()
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    @property
    def unread(self) -> int:
        """Bytes of messages that the worker had no room for yet."""
        return self._outbox.size

    def send(self, *message: Any) -> int:
        """Send a message without waiting for anything; the number of it, from 1 on."""
        self._outbox.put(message)
        self._sent += 1
        return self._sent

    def fetch(self) -> None:
        """Take what the worker has answered, and give it what it has room for, without waiting."""
        with suppress(EOFError, ConnectionResetError):
            while self._inbox.size < KEPT_AHEAD and self._exchange(0):
                pass

    def current_call(self) -> CurrentCall | None:
        """The call that the worker wrote down last."""
        return self._page.read()

    def receive(self, deadline: Callable[[], float]) -> tuple[Any, ...]:
        """The next message; raises Died, or TimedOut after a deadline on the monotonic clock.

        The deadline is asked for whenever the worker has said nothing for a while.
        """
        try:
            while (message := self._inbox.next()) is None:
                if self._exchange(POLL):
                    continue
                # what a worker said before it died, or before we looked, still counts
                over, late = self._process.poll() is not None, time.monotonic() > deadline()
                if (over or late) and self._exchange(0):
                    continue
                if over:
                    raise self._died()
                if late:
                    self.kill()
                    raise TimedOut
        except (EOFError, ConnectionResetError):
            raise self._died() from None
        except Garbled:  # somebody else wrote to the worker's connection
            self.kill()  # by now it may be several calls further
            raise Died("wrote into the connection of its worker", "", "unknown") from None
        return message

    def _exchange(self, seconds: float) -> bool:
        """Read and write what is possible within so many seconds; whether it was anything."""
        events = select.POLLIN | (select.POLLOUT if self._outbox.size else 0)
        self._events.register(self._socket, events)
        if not self._events.poll(1000 * seconds):
            return False
        written = self._outbox.write()
        return self._inbox.read() or written

    def kill(self) -> None:
        """End the worker and all that it started."""
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        with suppress(OSError):
            self._process.stdin.write(b"end")  # closing says it too, but others may hold a copy
        self._process.stdin.close()
        try:
            self._process.wait(timeout=ENDING)
        except subprocess.TimeoutExpired:  # somebody stopped the guard; the worker dies with it
            self._process.kill()
            self._process.wait()
        self._socket.close()
        self._page.close()
        self._reader.join(timeout=1)  # somebody may hold the pipe for whom SIGKILL is not enough

    def _died(self) -> Died:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)  # a hung-up connection is seen before the exit status
        status = self._process.poll()
        self.kill()
        how = "closed its connection" if status is None else exit_in_words(status)
        said = last_words(self._printed.decode(errors="replace"))
        return Died(how, said, killed=status == -signal.SIGKILL)

    def _read(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                self._printed += chunk
                del self._printed[:-KEPT]


def _environment() -> dict[str, str]:
    """The user's environment, in which the worker finds this very package."""
    package = str(Path(__file__).resolve().parent.parent.parent)
    # threads that wait in a busy loop take the cores from whoever judges meanwhile
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    if package in sys.path and package not in environment.get("PYTHONPATH", "").split(os.pathsep):
        before = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([package, before] if before else [package])
    return environment
