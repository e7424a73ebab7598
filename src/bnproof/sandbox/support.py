"""Whether this system can run a target in a process of its own: the one place that decides."""

import os
import signal
from importlib.util import find_spec

MODULES = ("fcntl", "resource")
FUNCTIONS = ("fork", "killpg", "setpgid", "setsid", "sysconf", "waitpid")
"""What the guard of a worker, the worker and its limits call, of `os`."""
SIGNALS = ("SIGCHLD", "SIGHUP", "SIGKILL", "getitimer")

WITHOUT_PROCESSES = (
    "derive",
    "init",
    "prove",
    "report",
    "selftest",
    "study",
    "targets",
    "translate",
)
"""The verbs of the command line that run no target, and so work everywhere."""

SHOWN = 3
"""How much of what is missing the message names."""


class UnsupportedSystemError(RuntimeError):
    """A target cannot run in a process of its own on this system; the message is one sentence."""


def missing() -> list[str]:
    """What this system lacks of the parts that a worker process is made with."""
    return [
        *(name for name in MODULES if find_spec(name) is None),
        *(f"os.{name}" for name in FUNCTIONS if not hasattr(os, name)),
        *(f"signal.{name}" for name in SIGNALS if not hasattr(signal, name)),
    ]


def require_processes() -> None:
    """Raise UnsupportedSystemError where no target can run in a process of its own."""
    if lacking := missing():
        shown = ", ".join(lacking[:SHOWN]) + (", ..." if len(lacking) > SHOWN else "")
        raise UnsupportedSystemError(
            f"bnproof runs a target in a process of its own, which needs Linux or macOS (missing "
            f"here: {shown}); on Windows, use WSL, or the commands that run no target: "
            f"{', '.join(WITHOUT_PROCESSES)}"
        )
