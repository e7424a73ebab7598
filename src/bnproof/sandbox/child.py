"""A worker process as its session holds it: start, talk, wait with a deadline, kill.

The process that is started here is the worker's guard, which forks the worker, ends as it ends, and
ends it with all its children as soon as its standard input says so or is closed.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import IO, Any

from bnproof.recognition.frames import exit_in_words, last_words
from bnproof.sandbox.inbox import Garbled, Inbox

KEPT = 16384  # bytes of what a target printed that are kept
POLL = 0.1  # seconds between looks at a worker that says nothing
ENDING = 6.0  # seconds for a guard to end what a target has started


class Died(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """The worker is gone; the message says how.

    Attributes:
        said: what it printed last, "" if nothing; ``printed`` is that as the end of a sentence.
    """

    def __init__(self, how: str, said: str) -> None:
        super().__init__(how)
        self.said = said
        self.printed = f": {said}" if said else ""


class TimedOut(Exception):  # noqa: N818  # a fact about a target, not an error of ours
    """The worker did not answer in time, and was killed."""


class Child:
    """A running worker.

    Whatever the target prints goes to a pipe that a thread empties, so that megabytes of it can
    neither block the worker nor reach the report; the end of it is kept for a crash's detail.
    """

    def __init__(self) -> None:
        ours, theirs = Pipe()
        command = [sys.executable, "-P", "-m", "bnproof.sandbox.guard"]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [*command, str(theirs.fileno()), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # Ctrl-C is ours to handle
            env=_environment(),
            bufsize=0,
        )
        theirs.close()
        self._connection, self._inbox = ours, Inbox(ours)
        self._printed = bytearray()
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def send(self, *message: Any) -> None:
        """Send a message; raises Died if there is nobody to read it."""
        try:
            self._connection.send(message)
        except (BrokenPipeError, ConnectionResetError):
            raise self._died() from None

    def receive(self, deadline: float) -> tuple[Any, ...]:
        """The next message; raises Died, or TimedOut after a deadline on the monotonic clock."""
        try:
            while (message := self._inbox.next(POLL)) is None:
                # what a worker said before it died, or before we looked, still counts
                over, late = self._process.poll() is not None, time.monotonic() > deadline
                message = self._inbox.next(0) if over or late else None
                if message is not None:
                    return message
                if over:
                    raise self._died()
                if late:
                    self.kill()
                    raise TimedOut
        except (EOFError, ConnectionResetError):
            raise self._died() from None
        except Garbled:  # somebody else wrote to the worker's connection
            self.kill()
            raise Died("gave an answer that is none", "") from None
        return message

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
        self._connection.close()
        self._reader.join(timeout=1)  # somebody may hold the pipe for whom SIGKILL is not enough

    def _died(self) -> Died:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)  # a hung-up connection is seen before the exit status
        status = self._process.poll()
        self.kill()
        how = "closed its connection" if status is None else exit_in_words(status)
        said = last_words(self._printed.decode(errors="replace"))
        return Died(how, said)

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
