"""One target under examination: cases go to its worker, observations come back, whatever happens.

Time limits are per call of the target.  The first call of a kind may take longer, since compilers
do; a call's kind is its name with the dtype and rank that it is made with.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EarlyEnd
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
from bnproof.sandbox.call_watch import CallWatch
from bnproof.sandbox.child import Child, Died, TimedOut
from bnproof.sandbox.memory import half_of_the_machine
from bnproof.sandbox.support import require_processes
from bnproof.sandbox.time_limits import FIRST, CallLimits
from bnproof.sandbox.variants import Variants
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import VariantFacts
from bnproof.targets.text import TargetError, parse

if TYPE_CHECKING:
    from bnproof.sandbox.transcription import Transcription

TIMEOUT = 30.0  # seconds for one call of the target
LOADING = 150.0  # seconds for the start of a worker and the import of the target
AHEAD = 64  # cases that a worker is given before their turn
BYTES_AHEAD = 8 << 20  # of such cases that wait until the worker reads them


class HarnessError(Exception):
    """bnproof itself is at fault; the message is a traceback from the worker."""


class _Ticket:
    """A case for the worker, the number of the message that sent it, and then its observation.

    ``killed`` says that SIGKILL ended a worker that ran it.
    """

    def __init__(self, case: Case, declaration: Declaration | None) -> None:
        self.case, self.declaration = case, declaration
        self.number = 0
        self.killed = False
        self.observation: Observation | None = None


class Session(Variants):
    """Runs cases on one variant of a target, in a worker that is replaced when it dies.

    The constructor raises UnsupportedSystemError where no worker can run.  Entering the context
    loads the target, and raises TargetError if that is impossible; leaving it leaves no process
    behind.  ``declarations`` are those of all variants of the target;
    ``first`` is the case of the first calls, with what came back, or None, and then
    ``first_failure`` says how they ended; ``restarts`` and ``skipped`` count new workers, and cases
    that were not tried any more; ``notes`` are what a reader should know of how the target looks
    and of what its calls left behind them, a line each.  ``memory`` is the number of bytes that a
    worker may take beyond what it has after its imports, by default half of what the machine has.
    The first call of a kind may take ``compiling`` times the limit; a worker may take ``loading``
    seconds to import the target.  ``outside`` is what the user says of the target; ``told`` is
    what is known of each variant, and ``adopted`` what was found by probing it and is used.
    """

    loadable = True
    """Whether others can load the target as well, by its name."""

    def __init__(
        self,
        target: str,
        variant: int = 0,
        timeout: float = TIMEOUT,
        memory: int | None = None,
        *,
        outside: Outside | None = None,
        compiling: float = FIRST,
        loading: float = LOADING,
    ) -> None:
        require_processes()
        super().__init__(target, variant, outside)
        self.timeout = timeout
        self.memory = half_of_the_machine() if memory is None else memory
        self.loading = loading
        self.first_failure = ""
        self.restarts = 0
        self.skipped = 0
        self.notes: list[str] = []
        self._on_import: list[str] = []
        self._limits = CallLimits(timeout, compiling)
        self._child: Child | None = None
        self._sent: deque[_Ticket] = deque()

    def __enter__(self) -> Self:
        parse(self.target)
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stop()

    def beside(self) -> "Session":
        """Another session on the same variant, with a worker of its own."""
        other = Session(self.target, self.variant, self.timeout, self.memory, outside=self.outside)
        other.adopt_all_of(self)
        return other

    def select(self, variant: int) -> None:
        """Go on with another variant of the target."""
        self._settle()
        self.variant = variant
        self.notes = list(self._on_import)
        self._limits = CallLimits(self._limits.timeout, self._limits.first)

    def describe(self) -> str:
        """What the target was recognised as, in words."""
        self._settle()
        child = self._child or self._start()
        number = child.send("describe")
        described: str = self._reply(child, number, seconds=LOADING)
        return described

    def try_out(self) -> None:
        """Make the first calls: TargetError if the target cannot be used.

        A crash or a hang is no such error: it is a verdict that the cases will bring out.
        """
        self._settle()
        self.first, self.first_failure = None, ""
        try:
            child = self._child or self._start()
            number = child.send("try_out", self.variant)
            self.first = self._reply(child, number, seconds=self._limits.longest)
        except TimedOut:
            self._child = None
            self._limits.lose()
            self.first_failure = f"no answer after {self._limit:g} s in {self._call}"
        except Died as died:
            self._child = None
            self.first_failure = f"{died} in {self._call}{died.printed}"

    def run(self, case: Case) -> Observation:
        """Run one case; a crash and a hang are observations too."""
        return self._finish(self._send(case))

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return self._finish(self._send(case, declaration))

    def default_behaviour(self, batches: Sequence[Array], channels: int) -> DefaultBehaviour:
        """What a layer made without settings does with some batches; a crash is told in it."""
        self._settle()
        try:
            child = self._child or self._start()
            number = child.send("default_behaviour", self.variant, list(batches), channels)
            kind = f"{batches[0].dtype} without settings"
            made: DefaultBehaviour = self._reply(child, number, kind)
        except (Died, TargetError) as error:
            self._child = None
            return DefaultBehaviour(raised=f"{error} in the call {self._call!r}")
        except TimedOut:
            self._child = None
            self._limits.hung(f"{self._call}, {batches[0].dtype} without settings")
            return DefaultBehaviour(
                raised=f"no answer after {self._limit:g} s in the call {self._call!r}"
            )
        return made

    def adopt(self, found: Mapping[str, Any]) -> None:
        """Go on as if the variant declared what was found by probing it."""
        self._settle()
        self._adopted(found)
        if self._child is not None:
            self._adopt(self._child, self.variant, dict(found))

    def run_many(self, cases: Iterable[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases in order; the worker runs the next ones while the caller looks at one."""
        ahead: deque[_Ticket] = deque()
        left = iter(cases)
        while True:
            while len(ahead) < AHEAD and (not ahead or self._unread < BYTES_AHEAD):
                if (case := next(left, None)) is None:
                    break
                ahead.append(self._send(case))
            if not ahead:
                return
            observation = self._finish(ahead[0])
            if self._child is not None:
                self._child.fetch()
            yield ahead.popleft().case, observation

    def transcribe(self, cases: Sequence[Case]) -> "Transcription":
        """Run cases on an executor of their own, with every call written down.

        Raises TargetError if a call ends the worker or hangs.
        """
        self._settle()
        try:
            child = self._child or self._start()
            number = child.send("transcribe", self.variant, tuple(cases))
            transcription: Transcription = self._reply(child, number, "transcript")
        except Died as died:
            self._child = None
            raise TargetError(f"{died} in the call {self._call!r}", loaded=True) from None
        except TimedOut:
            self._child = None
            raise TargetError(f"no answer in the call {self._call!r}", loaded=True) from None
        return transcription

    # --- cases -----------------------------------------------------------------------------------

    def _send(self, case: Case, declaration: Declaration | None = None) -> _Ticket:
        """Send a case to the worker, behind those that it was sent before."""
        ticket = _Ticket(case, declaration)
        self._pass_on(ticket)
        self._sent.append(ticket)
        return ticket

    def _pass_on(self, ticket: _Ticket) -> None:
        case = ticket.case
        ticket.observation = self._limits.given_up(case.dtype)
        if ticket.observation is not None:
            return
        try:
            child = self._child or self._start()
        except TargetError as error:
            self._child = None
            ticket.observation = self._failed(case, EarlyEnd("crashed", ended=str(error)))
            return
        if ticket.declaration is None:
            ticket.number = child.send("run", self.variant, case)
        else:
            ticket.number = child.send("probe", self.variant, case, ticket.declaration)

    @property
    def _unread(self) -> int:
        return 0 if self._child is None else self._child.unread

    def _settle(self) -> None:
        """Wait for all that was sent: then the worker has nothing to do."""
        if self._sent:
            self._finish(self._sent[-1])

    def _finish(self, ticket: _Ticket) -> Observation:
        """Wait for the observation of a case that was sent, and so for those sent before it."""
        while ticket in self._sent:
            first = self._sent[0]
            if first.observation is None:
                first.observation = self._observe(first)
            self._sent.popleft()
            failure = first.observation.failure
            self.skipped += failure is not None and failure.given_up
            if self._child is None:
                self._send_again()
        assert ticket.observation is not None  # noqa: S101  # as it was sent
        return ticket.observation

    def _send_again(self) -> None:
        """Send a new worker what the last one did not answer."""
        for ticket in self._sent:
            if ticket.observation is None:
                self._pass_on(ticket)

    def _observe(self, ticket: _Ticket) -> Observation:
        assert self._child is not None  # noqa: S101  # a ticket without observation has one
        case = ticket.case
        kind = f"{case.dtype} of rank {case.x.ndim}"
        try:
            observed: Observation = self._reply(self._child, ticket.number, kind)
        except Died as died:
            self._child = None
            if died.killed and not ticket.killed:
                return self._observed_again(ticket)
            ended = EarlyEnd(
                "crashed", self._call, ended=str(died), said=died.said, killed=died.killed
            )
            return self._failed(case, ended)
        except TimedOut:
            self._child = None
            self._limits.hung(f"{self._call}, {kind}")
            return self._failed(case, EarlyEnd("timed-out", self._call, self._limit))
        self._limits.answered(case.dtype)
        return observed

    def _observed_again(self, ticket: _Ticket) -> Observation:
        """Run a case once more in a new worker: the system may have been short of memory."""
        ticket.killed = True
        self._send_again()
        return self._observe(ticket) if ticket.observation is None else ticket.observation

    def _failed(self, case: Case, failure: EarlyEnd) -> Observation:
        return self._limits.failed(case.dtype, failure)

    # --- the worker ------------------------------------------------------------------------------

    _call = ""
    _limit = 0.0

    def _start(self) -> Child:
        """Start a worker and have it load the target."""
        self.restarts += bool(self.declarations)
        self._limits.restarted()
        self._child = child = Child()
        try:
            number = child.send("load", self.target, self.memory, self.outside)
            told: list[VariantFacts] = self._reply(child, number, seconds=self.loading)
            for variant, found in self.adopted.items():
                self._adopt(child, variant, found)
        except Died as died:
            self._child = None
            raise TargetError(
                f"{self.target} cannot be loaded: {died} on import{died.printed}"
            ) from None
        except TimedOut:
            self._child = None
            raise TargetError(
                f"{self.target} cannot be loaded: importing it took more than {self.loading:g} s"
            ) from None
        if not self.declarations:
            self._loaded(told)
            self._on_import = list(self.notes)
        return child

    def _adopt(self, child: Child, variant: int, found: dict[str, Any]) -> None:
        number = child.send("adopt", variant, found)
        self._reply(child, number, seconds=self.loading)

    def _stop(self) -> None:
        self._sent.clear()
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _reply(
        self, child: Child, number: int, kind: str = "", *, seconds: float | None = None
    ) -> Any:
        """What the worker answers a message in the end, within seconds in all or for each call."""
        limits = self._limits if seconds is None else None
        watch = CallWatch(child, number, kind, limits, seconds or self.loading)
        try:
            return self._answer(child, watch)
        except Died as died:
            watch.look()
            watch.call = died.call or watch.call
            raise
        finally:
            self._call, self._limit = watch.call, watch.limit

    def _answer(self, child: Child, watch: CallWatch) -> Any:
        while True:
            verb, *rest = child.receive(watch.deadline)
            if verb == "note":
                self.notes += [text for text in rest if text not in self.notes]
            elif verb == "ok":
                value, calls = rest
                watch.returned(calls)
                return value
            elif verb == "refused":
                message, loaded, reason = rest
                raise TargetError(message, loaded=loaded, reason=reason)
            elif verb == "fault":
                raise HarnessError(rest[0])
