"""The process that a target runs in: it may crash, hang, exit or print without harm to the run.

Messages from the session are tuples of a verb and its arguments; each is answered by any number of
``("note", text)``, and one of ``("ok", value, calls)`` with the names of the calls that were made,
``("refused", text, loaded)`` for a target that cannot be used, and ``("fault", text)`` for a
mistake of ours.  Which call is under way is written on a page that both processes see.
"""

import ctypes
import faulthandler
import fcntl
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnproof.engine.contract.declaration import ContractError, Declaration
from bnproof.engine.contract.spelling import misspelt
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.execution.exceptions import raised_event
from bnproof.engine.execution.first_calls import FirstCallError
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Event
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
from bnproof.engine.wording.events import with_memory
from bnproof.recognition.frames import raised_by_us
from bnproof.sandbox.current_call import CallPage
from bnproof.sandbox.memory import half_of_the_machine
from bnproof.sandbox.memory_limit import Limit
from bnproof.sandbox.process_state import ProcessState, seed
from bnproof.targets.kinds import recognised
from bnproof.targets.loading import locate, variants_of
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import Prepared, VariantFacts, prepare, with_declared
from bnproof.targets.text import Target, TargetError, parse, unusable

if TYPE_CHECKING:
    from bnproof.sandbox.transcription import Transcription

PR_SET_PDEATHSIG = 1
HIGH = 200  # file descriptors from here on are nobody's habit


class Worker:
    """Answers the messages of one session about one target.

    A target may fork within a call, and then both processes return from it.  Only the one that the
    session knows goes on; it learns of the other by a byte of memory that they share.
    """

    def __init__(self, connection: Connection, page: CallPage) -> None:
        self.connection, self.page = connection, page
        self.found: Any = None
        self.prepared: list[Prepared] = []
        self.target: Target | None = None
        self.variants: list[InProcess] = []
        self._process = os.getpid()
        self._copies = mmap.mmap(-1, 1)
        self._limit = Limit(half_of_the_machine())
        self._process_state = ProcessState()
        self._entered = False
        self._message = 0
        self._call, self._calls = "", set[str]()

    def serve(self) -> None:
        """Answer messages until the session hangs up."""
        while True:
            try:
                verb, *arguments = self.connection.recv()
            except (EOFError, OSError):
                return
            self._message += 1
            self._call = "preparation"
            self._calls.clear()
            self._reply(self._answer(verb, arguments))

    def _answer(self, verb: str, arguments: list[Any]) -> tuple[Any, ...]:
        try:
            value = getattr(self, verb)(*arguments)
            return ("ok", value, tuple(self._calls))
        except TargetError as error:
            return ("refused", str(error), error.loaded, error.reason)
        except FirstCallError as error:
            said, short = str(error), error.event.out_of_memory
            return ("refused", with_memory(said, self._limit.size) if short else said, True, "")
        except ContractError as error:
            return ("refused", str(error), True, "")
        except BaseException:  # noqa: BLE001  # the session has to hear of it, whatever it is
            return ("fault", traceback.format_exc())

    def _reply(self, reply: tuple[Any, ...]) -> None:
        self._end_copies()
        self._write(self._call, over=True)
        try:
            self._tell(*reply)
        except Exception:  # noqa: BLE001  # pickling runs code of whoever made the value
            self._tell("fault", traceback.format_exc())

    # --- what a session asks for ------------------------------------------------------------

    def load(self, target: str, memory: int, outside: Outside) -> list[VariantFacts]:
        """Load a target, and say what is known of its variants.

        ``memory`` is what calls may take beyond what the loaded target has taken; ``outside`` is
        what the user says of the target.
        """
        seed()
        with Limit(max(memory, half_of_the_machine())).holding():
            located = locate(parse(target))
            self.target, self.found = located.target, located.found
            variants = variants_of(target, self.found)
            try:
                self.prepared = prepare(variants, self.found, outside)
            except ContractError as error:
                raise unusable(target, error) from error
        self.variants = [self._in_process(each) for each in self.prepared]
        for hint in misspelt(self.prepared[0].made):
            self._note(hint)
        for what in self._process_state.changed_arithmetic():
            self._note(f"importing the target left {what}")
        self._process_state = ProcessState()
        self._limit = Limit(memory)
        return [each.told for each in self.prepared]

    def adopt(self, variant: int, found: dict[str, Any]) -> None:
        """Go on as if the variant declared what was found by probing it."""
        made = self.variants[variant]
        made.declare(with_declared(made.declaration, found))

    def describe(self) -> str:
        """What the target was recognised as."""
        return recognised(self.found)

    def try_out(self, variant: int) -> tuple[Case, Observation] | None:
        """Make the first calls, on ordinary data."""
        self._begin("the first calls")
        tried = self.variants[variant].try_out()
        self._end_of_case()
        return tried.first

    def run(self, variant: int, case: Case) -> Observation:
        """Run one case."""
        return self._observe(lambda: self.variants[variant].run(case))

    def probe(self, variant: int, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return self._observe(lambda: self.variants[variant].probe(case, declaration))

    def _observe(self, run: Callable[[], Observation]) -> Observation:
        self._begin("preparation")
        try:
            found = run()
        except BaseException as error:
            if raised_by_us(error):
                raise
            found = Observation(events=[raised_event("train", error)])
        for each in (found, *(step for _, step in found.facts.get("steps", ()))):
            each.events = [self._explained(event) for event in each.events]
        self._end_of_case()
        return found

    def default_behaviour(
        self, variant: int, batches: list[Array], channels: int
    ) -> DefaultBehaviour:
        """Make a layer without settings, and train it on some batches."""
        self._begin("preparation")
        try:
            return self.variants[variant].default_behaviour(batches, channels)
        finally:
            self._returned()
            self._end_of_case()

    def transcribe(self, variant: int, cases: Sequence[Case]) -> "Transcription":
        """Run cases on an executor of their own, and write down the calls that are made."""
        from bnproof.engine.execution.transcript import transcribe  # noqa: PLC0415  # for scripts only
        from bnproof.sandbox.transcription import Transcription  # noqa: PLC0415  # likewise

        self._begin("preparation")
        made = self.variants[variant]
        transcript = transcribe(
            made.implementation, made.declaration, cases, self._announce, self._returned
        )
        self._end_of_case()
        assert self.target is not None  # noqa: S101  # it was loaded
        standalone = self._standalone(self.prepared[variant].made, cases[0].dtype)
        return Transcription(transcript, self.target, standalone)

    def _standalone(self, variant: Any, dtype: str) -> str:
        """The adapter as text; TargetError if it has none, "" if there is no adapter."""
        if hasattr(variant, "standalone"):
            return str(variant.standalone(dtype))
        if not any(v.made is self.found or type(v.made) is self.found for v in self.prepared):
            kind = type(variant).__qualname__
            raise TargetError(f"no script can be written: the adapter {kind} has none", loaded=True)
        return ""

    def _in_process(self, variant: Prepared) -> InProcess:
        return InProcess(
            variant.implementation, variant.declaration, self._announce, self._returned
        )

    # --- around the calls of a target -------------------------------------------------------

    def _begin(self, what: str) -> None:
        self._write(what)
        self._entered = False

    def _announce(self, call: str) -> None:
        if not self._entered:  # within a case, NumPy handles errors as the executor has it
            self._process_state.enter()
            self._entered = True
        self._write(call, repeated=call in self._calls)
        self._calls.add(call)
        self._limit.hold()

    def _returned(self) -> None:
        self._end_copies()
        self._limit.lift()
        try:
            fcntl.fcntl(self.connection.fileno(), fcntl.F_GETFD)
        except OSError:
            end_without_connection()
        self._process_state.after_call()

    def _end_of_case(self) -> None:
        self._end_copies()
        self._process_state.after_case()
        for news in self._process_state.news():
            self._note(news)
        if self._copies[0]:
            self._note("a call forked, and the copy returned from it as well; the copy was ended")

    def _end_copies(self) -> None:
        """End this process if it is a copy that the target has made of the worker."""
        if os.getpid() != self._process:
            self._copies[0] = 1
            os._exit(0)

    def _explained(self, event: Event) -> Event:
        """The event, with the limit of memory where memory ran out."""
        return replace(event, memory=self._limit.size) if event.out_of_memory else event

    def _note(self, text: str) -> None:
        self._tell("note", text)

    def _write(self, call: str, *, repeated: bool = False, over: bool = False) -> None:
        """Write on the page which call is made, or that there are no more."""
        self._call = call
        self.page.write(self._message, time.monotonic(), call, repeated=repeated, over=over)

    def _tell(self, *message: Any) -> None:
        try:
            self.connection.send(message)
        except BrokenPipeError:
            return  # the session hung up, which recv will say next
        except OSError:
            end_without_connection()


def end_without_connection() -> None:
    """End this process, which cannot answer any more; its output says why."""
    sys.stderr.write("the worker's connection was closed by the target\n")
    sys.stderr.flush()
    os._exit(1)


def die_with_the_guard(guard: int) -> None:
    """Have the kernel end this process when its guard dies, even in the middle of a hang."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def offer_for_sacrifice() -> None:
    """If memory runs out, the kernel should end this process and not the one that reports."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def away_from_the_low_numbers(descriptor: int) -> int:
    """A copy of a file descriptor whose number nobody writes to or closes by accident."""
    try:
        copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HIGH)
    except OSError:  # a limit on the number of open files
        os.set_inheritable(descriptor, False)
        return descriptor
    os.close(descriptor)
    return copy


def main(descriptor: int, page: CallPage, guard: int) -> None:
    """Answer on a descriptor, as the child of the process ``guard``."""
    die_with_the_guard(guard)
    offer_for_sacrifice()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.enable(all_threads=False)
    Worker(Connection(away_from_the_low_numbers(descriptor)), page).serve()
    os._exit(0)  # what a target registered to run at exit is not waited for
