"""The process that a target runs in: it may crash, hang, exit or print without harm to the run.

Messages from the session are tuples of a verb and its arguments; each is answered by any number
of ``("call", name, when)`` and one of ``("ok", value)``, ``("refused", text, loaded)`` for a target
that cannot be used, and ``("fault", text)`` for a mistake of ours.  When is a monotonic clock,
which all processes of a machine share.
"""

import ctypes
import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnproof.properties.cases import Case
from bnproof.properties.contract import ContractError, Declaration, declaration_of
from bnproof.properties.execution import Executor, try_out
from bnproof.properties.observation import Event, Observation
from bnproof.run.frames import raised_by_us
from bnproof.run.loading import find, load
from bnproof.run.target import TargetError, parse

if TYPE_CHECKING:
    from bnproof.replay.transcript import Transcript

PR_SET_PDEATHSIG = 1


class Worker:
    """Answers the messages of one session about one target."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.variants: list[Any] = []
        self.is_adapted = False
        self.declarations: list[Declaration] = []
        self._executors: dict[int, Executor] = {}

    def serve(self) -> None:
        """Answer messages until the session hangs up."""
        while True:
            try:
                verb, *arguments = self.connection.recv()
            except (EOFError, OSError):
                return
            self._reply(self._answer(verb, arguments))

    def _answer(self, verb: str, arguments: list[Any]) -> tuple[Any, ...]:
        try:
            return ("ok", getattr(self, verb)(*arguments))
        except TargetError as error:
            return ("refused", str(error), error.loaded)
        except ContractError as error:
            return ("refused", str(error), True)
        except BaseException:  # noqa: BLE001  # the session has to hear of it, whatever it is
            return ("fault", traceback.format_exc())

    def _reply(self, reply: tuple[Any, ...]) -> None:
        with suppress(BrokenPipeError):  # the session hung up, which recv will say next
            try:
                self.connection.send(reply)
            except BrokenPipeError:
                raise
            except Exception:  # noqa: BLE001  # pickling runs code of whoever made the value
                self.connection.send(("fault", traceback.format_exc()))

    def load(self, target: str) -> list[Declaration]:
        """Load a target, and read the declarations of its variants."""
        found = find(parse(target))
        self.variants = load(target, found)
        self.is_adapted = not any(v is found or type(v) is found for v in self.variants)
        try:
            self.declarations = [declaration_of(variant) for variant in self.variants]
        except ContractError as error:
            raise TargetError(f"{target} cannot be used: {error}", loaded=True) from error
        return self.declarations

    def try_out(self, variant: int) -> tuple[Case, Observation]:
        """Make the first calls, on ordinary data."""
        self._announce("the first calls")
        return try_out(self.variants[variant], self.declarations[variant])

    def run(self, variant: int, case: Case) -> Observation:
        """Run one case."""
        self._announce("preparation")
        try:
            return self._executor(variant).run(case, self._announce)
        except BaseException as error:
            if raised_by_us(error):
                raise
            detail = f"{type(error).__name__}: {error}"[:300]
            return Observation(events=[Event("raised", "train", "train", detail)])

    def transcribe(self, variant: int, cases: Sequence[Case]) -> "Transcript":
        """Run cases on an executor of their own, and write down the calls that are made."""
        from bnproof.replay.transcript import transcribe  # noqa: PLC0415  # for scripts only

        made, declaration = self.variants[variant], self.declarations[variant]
        transcript = transcribe(made, declaration, cases, self._announce)
        transcript.standalone = self._standalone(made, cases[0].dtype)
        return transcript

    def _standalone(self, variant: Any, dtype: str) -> str:
        """The adapter as text; TargetError if it has none, "" if there is no adapter."""
        if hasattr(variant, "standalone"):
            return str(variant.standalone(dtype))
        if self.is_adapted:
            kind = type(variant).__qualname__
            raise TargetError(f"no script can be written: the adapter {kind} has none", loaded=True)
        return ""

    def _executor(self, variant: int) -> Executor:
        """One executor per variant, so that state and caches of the target show."""
        if variant not in self._executors:
            made = Executor(self.variants[variant], self.declarations[variant])
            self._executors[variant] = made
        return self._executors[variant]

    def _announce(self, call: str) -> None:
        with suppress(BrokenPipeError):
            self.connection.send(("call", call, time.monotonic()))


def die_with_the_session(session: int) -> None:
    """Have the kernel end this process when the session dies, even in the middle of a hang."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != session:
        os._exit(1)


def offer_for_sacrifice() -> None:
    """If memory runs out, the kernel should end this process and not the one that reports."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def main() -> None:
    """Serve the session that started this process; arguments are a file descriptor and its id."""
    descriptor, session = map(int, sys.argv[1:])
    sys.argv[1:] = []  # targets that look at the command line find none
    die_with_the_session(session)
    offer_for_sacrifice()
    os.set_inheritable(descriptor, False)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.enable(all_threads=False)
    Worker(Connection(descriptor)).serve()
    os._exit(0)  # what a target registered to run at exit is not waited for


if __name__ == "__main__":
    main()
