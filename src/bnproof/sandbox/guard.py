"""The process between a session and its worker: when either ends, nothing of the target is left.

A target may fork; what it forks may leave the process group, ignore signals and outlive its parent.
The kernel hands such orphans to this process, which is their subreaper, and it ends them all.  It
does so when the worker is gone, and when the session hangs up or dies, by SIGKILL as well.  It
imports next to nothing, so that the worker which it forks starts as if it were started alone.
"""

import ctypes
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from bnproof.sandbox.current_call import CallPage

PR_SET_CHILD_SUBREAPER = 36
LOOK = 1.0  # seconds between looks at the session, whose end of the pipe somebody else may hold
PATIENCE = 5.0  # seconds for processes to die of SIGKILL
LIFELINE = 0  # standard input: the session says by it that it is there


class Guard:
    """Waits for the end of a worker or of its session, and ends what is left then."""

    def __init__(self, worker: int, session: int) -> None:
        self.worker, self.session = worker, session
        self.status: int | None = None

    def watch(self, wake: int) -> None:
        """Return when the worker ended or the session is gone; ``wake`` has news of children."""
        while not self._reap() and self.status is None and os.getppid() == self.session:
            ready, _, _ = select.select([LIFELINE, wake], [], [], LOOK)
            if LIFELINE in ready:
                return
            if wake in ready:
                os.read(wake, 4096)

    def sweep(self) -> None:
        """End every process that descends from this one."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.worker, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        # what a child leaves behind when it dies becomes a child of this process
        while not self._reap() and time.monotonic() < deadline:
            for child in children(os.getpid()):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.002)

    def _reap(self) -> bool:
        """Take note of the children that ended; whether there are none any more."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.worker:
                    self.status = ended[1]
        except ChildProcessError:
            return True
        return False


def children(parent: int) -> list[int]:
    """The processes whose parent is ``parent``, as far as the system tells.

    >>> children(1 << 30)
    []
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            # the name of a program, in brackets, may hold anything
            after_name = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
            if int(after_name.split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def adopt_orphans() -> None:
    """Have the kernel make this process the parent of its descendants' orphans; Linux only."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_as(status: int | None) -> None:
    """End this process the way the worker ended, since the session sees only this one."""
    if status is None:
        os._exit(1)
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the worker may have left a core dump itself
    with suppress(OSError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(1)


def run_worker(descriptor: int, page: CallPage, guard: int) -> None:
    """Be the worker: a session and process group of its own, and nothing to read from."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, LIFELINE)
    os.close(nothing)
    from bnproof.sandbox.worker import main as serve  # noqa: PLC0415  # NumPy, which a guard can spare

    serve(descriptor, page, guard)


def main() -> None:
    """Guard a worker.

    The arguments are the descriptor that it answers on, that of the page that it writes its calls
    on, and the session's id.
    """
    descriptor, shared, session = map(int, sys.argv[1:])
    sys.argv[1:] = []  # targets that look at the command line find none
    adopt_orphans()
    page = CallPage(shared)
    os.close(shared)
    guard = os.getpid()
    worker = os.fork()
    if worker == 0:
        run_worker(descriptor, page, guard)
        os._exit(0)
    os.close(descriptor)
    news, wake = os.pipe()  # closed in what a worker starts; os.pipe2 is missing on macOS
    os.set_blocking(wake, False)  # a signal handler must not wait
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # the session ends this process, nobody else
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    watcher = Guard(worker, session)
    watcher.watch(news)
    watcher.sweep()
    end_as(watcher.status)


if __name__ == "__main__":
    main()
