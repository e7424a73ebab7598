"""What of its process a target should leave as it found it; what it does not is told in a note.

How the processor and NumPy compute is put back after every call, since other calls, and this
package's own work between them, would compute otherwise; the global random numbers after every
case, so that a case gives the same alone as in a run.  The rest harms nobody in a process that only
this target has: it is told, and left, for a target may depend on what it has set up.
"""

import os
import random
import signal
import sys
from typing import Any

import numpy as np

from bnproof.sandbox import float_environment

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGCHLD", "SIGFPE", "SIGSEGV", "SIGHUP")
]


class ProcessState:
    """The state of this process as it was at first, and what calls have changed since."""

    def __init__(self) -> None:
        self._arithmetic = float_environment.get()
        self._errors = np.geterr()
        self._random = random_state()
        self._rest = rest()
        self._news: set[str] = set()

    def enter(self) -> None:
        """Calls are about to be made: NumPy's handling of errors is what it is now."""
        self._errors = np.geterr()

    def changed_arithmetic(self) -> list[str]:
        """How numbers are computed otherwise than at first, in words."""
        found = float_environment.differences(self._arithmetic, float_environment.get())
        if np.geterr() != self._errors:
            found.append("another handling of errors in NumPy (seterr)")
        return found

    def after_call(self) -> None:
        """Put back how numbers are computed."""
        for what in self.changed_arithmetic():
            self._news.add(f"a call left {what}, which was put back")
            float_environment.put(self._arithmetic)
            np.seterr(**self._errors)

    def after_case(self) -> None:
        """Put back the random numbers, and look at the rest."""
        state = random_state()
        for name, value in state.items():
            if value != self._random.setdefault(name, value):
                self._news.add(f"a call changed the global random numbers of {name}")
                put_random_state(name, self._random[name])
        now = rest()
        self._news |= {f"a call left {what}" for what in now if now[what] != self._rest[what]}
        self._rest = now

    def news(self) -> list[str]:
        """What was found changed since this was asked the last time."""
        told, self._news = sorted(self._news), set()
        return told


def rest() -> dict[str, Any]:
    """What is told and left: the states by what they are called when they have changed."""
    return {
        "another working directory": _folder(),
        "another environment": dict(os.environ),
        "another sys.path": list(sys.path),
        "other signal handlers": [signal.getsignal(number) for number in SIGNALS],
        "a running timer": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
    }


def random_state() -> dict[str, Any]:
    """The state of each global random number generator that is loaded."""
    state: dict[str, Any] = {"Python": random.getstate(), "NumPy": _numpy_state()}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        state["torch"] = torch.get_rng_state().numpy().tobytes()
    return state


def put_random_state(name: str, state: Any) -> None:
    """Set one global random number generator to a state that `random_state` gave."""
    if name == "Python":
        random.setstate(state)
    elif name == "NumPy":
        kind, keys, *others = state
        keys = np.frombuffer(keys, np.uint32)
        np.random.set_state((kind, keys, *others))
    else:
        import torch  # noqa: PLC0415  # it is loaded

        torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def seed() -> None:
    """Start the global random numbers at the same place in every worker."""
    random.seed(0)
    np.random.seed(0)


def _numpy_state() -> tuple[Any, ...]:
    kind, keys, *others = np.random.get_state()
    return kind, np.asarray(keys).tobytes(), *others


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  # pathlib takes several times as long
    except OSError:  # it was removed
        return ""
