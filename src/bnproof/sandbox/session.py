"""One target under examination: cases go to its worker, observations come back, whatever happens.

Time limits are per call of the target.  The first call of a kind may take longer, since compilers
do; a call's kind is its name with the dtype and rank that it is made with.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EarlyEnd
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
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


class HarnessError(Exception):
    """bnproof itself is at fault; the message is a traceback from the worker."""


class _Ticket:
    """A case that was sent to the worker, and its observation once there is one."""

    def __init__(self, case: Case) -> None:
        self.case = case
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
        self._ticket: _Ticket | None = None

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
        child.send("describe")
        described: str = self._reply(child, "description", limit=LOADING)
        return described

    def try_out(self) -> None:
        """Make the first calls: TargetError if the target cannot be used.

        A crash or a hang is no such error: it is a verdict that the cases will bring out.
        """
        self._settle()
        self.first, self.first_failure = None, ""
        try:
            child = self._child or self._start()
            child.send("try_out", self.variant)
            self.first = self._reply(child, "first calls", limit=self._limits.longest)
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
            child.send("default_behaviour", self.variant, list(batches), channels)
            made: DefaultBehaviour = self._reply(child, f"{batches[0].dtype} without settings")
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
        """Run cases in order; the worker runs the next one while the caller looks at one.

        The next case is sent only once the worker has answered, so that neither side can ever
        block on a full pipe while the other one does.
        """
        ticket: _Ticket | None = None
        for case in cases:
            # sending settles what is under way, so the worker is idle and reads at once
            following = self._send(case)
            if ticket is not None:
                yield ticket.case, self._finish(ticket)
            ticket = following
        if ticket is not None:
            yield ticket.case, self._finish(ticket)

    def transcribe(self, cases: Sequence[Case]) -> "Transcription":
        """Run cases on an executor of their own, with every call written down.

        Raises TargetError if a call ends the worker or hangs.
        """
        self._settle()
        try:
            child = self._child or self._start()
            child.send("transcribe", self.variant, tuple(cases))
            transcription: Transcription = self._reply(child, "transcript")
        except Died as died:
            self._child = None
            raise TargetError(f"{died} in the call {self._call!r}", loaded=True) from None
        except TimedOut:
            self._child = None
            raise TargetError(f"no answer in the call {self._call!r}", loaded=True) from None
        return transcription

    # --- cases -----------------------------------------------------------------------------------

    def _send(self, case: Case, declaration: Declaration | None = None) -> _Ticket:
        self._settle()
        ticket = _Ticket(case)
        given_up = self._limits.given_up(case.dtype)
        if given_up is not None:
            ticket.observation = given_up
            self.skipped += 1
            return ticket
        try:
            child = self._child or self._start()
            if declaration is None:
                child.send("run", self.variant, case)
            else:
                child.send("probe", self.variant, case, declaration)
            self._ticket = ticket
        except (Died, TargetError) as error:
            self._child = None
            ticket.observation = self._failed(case, EarlyEnd("crashed", ended=str(error)))
        return ticket

    def _settle(self) -> None:
        if self._ticket is not None:
            self._finish(self._ticket)

    def _finish(self, ticket: _Ticket) -> Observation:
        if ticket.observation is None:
            self._ticket = None
            ticket.observation = self._observe(ticket.case)
        return ticket.observation

    def _observe(self, case: Case) -> Observation:
        assert self._child is not None  # noqa: S101  # a ticket without observation has one
        kind = f"{case.dtype} of rank {case.x.ndim}"
        try:
            observed: Observation = self._reply(self._child, kind)
        except Died as died:
            self._child = None
            return self._failed(
                case, EarlyEnd("crashed", self._call, ended=str(died), said=died.said)
            )
        except TimedOut:
            self._child = None
            self._limits.hung(f"{self._call}, {kind}")
            return self._failed(case, EarlyEnd("timed-out", self._call, self._limit))
        self._limits.answered(case.dtype)
        return observed

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
            child.send("load", self.target, self.memory, self.outside)
            told: list[VariantFacts] = self._reply(child, "loading", limit=self.loading)
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
        child.send("adopt", variant, found)
        self._reply(child, "declarations", limit=self.loading)

    def _stop(self) -> None:
        child, self._child, self._ticket = self._child, None, None
        if child is not None:
            child.kill()

    def _reply(self, child: Child, kind: str, *, limit: float | None = None) -> Any:
        """What the worker answers in the end, within the limit: of all, or else of each call."""
        self._call, began = "preparation", time.monotonic()
        self._limit = self.loading if limit is None else limit
        while True:
            verb, *rest = child.receive(began + self._limit)
            if verb == "call" and limit is not None:
                self._call = rest[0]
            elif verb == "call":
                self._call, began = rest
                self._limit = self._limits.limit(f"{self._call}, {kind}")
            elif verb == "note":
                self.notes += [text for text in rest if text not in self.notes]
            elif verb == "ok":
                return rest[0]
            elif verb == "refused":
                message, loaded, reason = rest
                raise TargetError(message, loaded=loaded, reason=reason)
            elif verb == "fault":
                raise HarnessError(rest[0])
