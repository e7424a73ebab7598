"""Parts of checks in parallel worker processes, with the results in the order of the parts.

Each process runs the judging side of one part; the target itself runs in a sandbox of that process,
as ever.  An interrupt reaches this process alone, which hands it on once to each worker, so that
all of them report what they found until then.
"""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from bnproof.check.garbage import collect_less_often
from bnproof.check.meter import Progress
from bnproof.check.partition import Part
from bnproof.check.request import CheckedVariant, Request
from bnproof.check.saved_failures import Warn
from bnproof.sandbox.session import HarnessError
from bnproof.targets.text import TargetError

ENDING = 10.0  # seconds for workers to report after an interrupt


class _Worker:
    """One process with the part that it runs."""

    def __init__(self, number: int, part: Part, asked: Request) -> None:
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_serve, args=(theirs, part, asked), daemon=False
        )
        self.process.start()
        theirs.close()
        self.ready = self.interrupted = False

    def interrupt(self) -> None:
        """Hand an interrupt on; a worker that has not begun has nothing to report."""
        self.interrupted = True  # it ends without a word if the target was not loaded yet
        if self.ready and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)
        else:
            self.process.kill()

    def end(self) -> None:
        """Leave no process behind."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def examine_parts(
    parts: Sequence[Part], asked: Request, jobs: int, progress: Progress, warn: Warn
) -> list[CheckedVariant | TargetError | None]:
    """What each part gave; None where an interrupt came before it was checked.

    Raises HarnessError if a worker is at fault.
    """
    return _Pool(parts, asked, jobs, progress, warn).run()


class _Pool:
    """Runs parts, at most ``jobs`` at a time."""

    def __init__(
        self, parts: Sequence[Part], asked: Request, jobs: int, progress: Progress, warn: Warn
    ) -> None:
        self._parts, self._asked, self._jobs = parts, asked, jobs
        self._progress, self._warn = progress, warn
        self._waiting = list(range(len(parts)))[::-1]
        self._workers: dict[Connection, _Worker] = {}
        self._found: list[CheckedVariant | TargetError | None] = [None] * len(parts)
        self._seen: dict[int, tuple[int, int]] = {}

    def run(self) -> list[CheckedVariant | TargetError | None]:
        """Run all parts."""
        try:
            try:
                self._work()
            except KeyboardInterrupt:
                self._interrupted()
            return self._found
        finally:
            for worker in self._workers.values():
                worker.end()

    def _work(self, deadline: float | None = None) -> None:
        while self._waiting or self._workers:
            while self._waiting and len(self._workers) < self._jobs:
                number = self._waiting.pop()
                worker = _Worker(number, self._parts[number], self._asked)
                self._workers[worker.connection] = worker
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            for ready in wait(list(self._workers), left):
                assert isinstance(ready, Connection)  # noqa: S101  # as given
                self._receive(self._workers[ready])

    def _interrupted(self) -> None:
        """Start nothing more, and wait a moment for what the workers have found."""
        self._waiting.clear()
        for worker in self._workers.values():
            worker.interrupt()
        with suppress(KeyboardInterrupt):  # a second one does not wait
            self._work(time.monotonic() + ENDING)

    def _receive(self, worker: _Worker) -> None:
        try:
            verb, *rest = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._close(worker)
            if self._found[worker.number] is None and worker.ready and not worker.interrupted:
                message = f"a worker ended with status {worker.process.exitcode}"
                raise HarnessError(message) from None
            return
        if verb == "ready":
            worker.ready = True
        elif verb == "progress":
            self._tell(worker.number, *rest)
        elif verb == "warn":
            self._warn(rest[0])
        elif verb == "found":
            self._found[worker.number] = rest[0]
            del self._workers[worker.connection]
            worker.end()
        else:
            raise HarnessError(rest[0])

    def _close(self, worker: _Worker) -> None:
        del self._workers[worker.connection]
        worker.process.join(ENDING)
        worker.end()

    def _tell(self, number: int, done: int, total: int, text: str) -> None:
        """The progress of all parts; those that have not begun count as the others on average."""
        if total:  # else it tells what it does that is not counted
            self._seen[number] = done, total
        ran = sum(each for each, _ in self._seen.values())
        known = sum(each for _, each in self._seen.values())
        self._progress(ran, known * len(self._parts) // max(len(self._seen), 1), text)


def _serve(connection: Connection, part: Part, asked: Request) -> None:
    """Be a worker: run one part and send what it gave."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the process that waits for this one
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    collect_less_often()
    from bnproof.check.one_target import examine_part  # noqa: PLC0415  # not for the waiting process

    def tell(*message: Any) -> None:
        connection.send(message)

    tell("ready")
    try:
        found = examine_part(
            part,
            asked,
            lambda done, total, text: tell("progress", done, total, text),
            lambda text: tell("warn", text),
        )
        tell("found", found)
    except TargetError as error:
        tell("found", error)
    except KeyboardInterrupt:
        return
    except Exception:  # noqa: BLE001  # whatever it is reaches the user as a fault of bnproof
        tell("fault", traceback.format_exc())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
