"""A call of a sequence: made on one data set, with a backward that stays open."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.execution.plan_steps import PlanSteps
from bnproof.engine.model.calls import FIRST, Call, DoubleCall, is_judged
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import GRADIENTS, Mode, Output

OVERWRITTEN = 7
"""What a caller writes over the results that belong to it."""

AGAIN: dict[Mode, Call] = {"train": "train again", "infer": "infer late"}
LATE: dict[Mode, Call] = {"train": "train late", "infer": "infer late"}
DOUBLE_OF: dict[Mode, DoubleCall] = {"train": "double", "infer": "double-infer"}


class OpenedCall(PlanSteps):
    """One call, and the calls of its backward; what they give is written down in one observation.

    Attributes:
        mode: "train" or "infer".
        backward: what the call returned, None before it and where there is none.
        returned_arrays: the last y and dx as they were returned, until they are given up.
        thrown_away: what happened in calls that may raise.
    """

    def __init__(
        self,
        mode: Mode,
        case: Case,
        implementation: Any,
        declaration: Declaration,
        announce: Announce,
        returned: Returned,
        arguments: Arguments,
    ) -> None:
        second: Callable[[], Any] = lambda: None  # noqa: E731  # instances are the sequence's
        super().__init__(
            case,
            implementation,
            implementation,
            second,
            declaration,
            announce,
            returned,
            arguments,
        )
        self.mode: Mode = mode
        self.backward: Any = None
        self.returned_arrays: dict[Output, Any] = {}
        self.thrown_away: list[Event] = []

    @property
    def is_offered(self) -> bool:
        """Whether there are such calls."""
        return self._trains if self.mode == "train" else self._infers

    def forward(self, passed: tuple[Array, Array] | None = None) -> None:
        """Make the call, with statistics that earlier calls have left or those of the case."""
        call = self._train if self.mode == "train" else self._infer
        self.backward = call(self.mode, passed)

    def gradients(self) -> None:
        """Backward for the first time."""
        self._gradients(self.mode, self.backward)

    def again(self) -> None:
        """Backward again, nothing but backward having been called since: the same bits."""
        label = AGAIN[self.mode]
        self._gradients(label, self.backward, late=True)
        if self.declaration.deterministic:
            self._same_bits(self.mode, label, GRADIENTS)

    def late(self) -> None:
        """Backward again after other calls."""
        self._gradients(LATE[self.mode], self.backward, late=True)

    def double(self) -> None:
        """Double backward."""
        self._double(DOUBLE_OF[self.mode], self.backward)

    def double_late(self) -> None:
        """Double backward once more; in training it is compared with the first time."""
        late = self.mode == "train"
        self._double("double late" if late else "double-infer", self.backward, late=late)

    def repeated(self) -> None:
        """The same training call once more, which gives the same bits."""
        if self.mode == "train":
            self._train_again()

    def refused_gradients(self) -> None:
        """Backward with a sample more than y has, which may raise or not; nothing is judged."""
        dy = self.arguments["dy"]
        before = self.observation.events
        self.observation.events = []
        if self.backward is not None:
            longer = np.concatenate([dy, dy[:1]])
            with contextlib.suppress(Stop):
                self._call(self.mode, self.backward, longer, backward=True)
        self.thrown_away += self.observation.events
        self.observation.events = before

    def look_at_arguments(self) -> None:
        """Write down which arguments have changed."""
        for name in self.arguments.changed():
            self._event(EventKind.CHANGED_INPUT, "case", name)

    def close(self) -> None:
        """Write down which results have changed."""
        self._look_at_results()

    def differs_from(self, first: "OpenedCall") -> bool:
        """Whether something happened, or results have other bits than those of the same calls."""
        others = first.observation.results
        return bool(self.observation.events) or any(
            name in kept and a.tobytes() != kept[name].tobytes()
            for call, outputs in self.observation.results.items()
            if is_judged(call) and (kept := others.get(FIRST[call], {}))
            for name, a in outputs.items()
        )

    # --- what a caller may do with results ------------------------------------------------

    def overwrite(self) -> None:
        """Write over all results so far: they are the caller's."""
        for live in self._given_up():
            given = any(np.may_share_memory(live, buffer) for buffer in self.given)
            if live.flags.writeable and not given:
                live[...] = OVERWRITTEN

    def drop(self) -> None:
        """Keep no reference to any result."""
        self._given_up()

    def _given_up(self) -> list[Array]:
        """The results that share no memory with an argument, which are watched no longer."""
        live = [kept.live for kept in self._watched]
        self._watched, self.statistics, self.returned_arrays = [], (None, None), {}
        return live

    def _take(
        self,
        label: Call,
        names: tuple[Output, ...],
        results: tuple[Any, ...] | list[Any],
        *,
        watch: bool = True,
        like: Case | None = None,
    ) -> None:
        super()._take(label, names, results, watch=watch, like=like)
        given = zip(names, results, strict=True)
        self.returned_arrays.update((name, a) for name, a in given if name in ("y", "dx"))


def passed_on(given: Any, like: Array, *, plain: bool) -> Array:
    """A statistic that came back, as the next call is given it: the same object where it can be.

    What is not an ordinary array of the same form is copied, as is what is not contiguous if
    ``plain``.

    >>> mean = np.zeros(2)
    >>> passed_on(mean, mean, plain=True) is mean, passed_on([1.0, 2.0], mean, plain=True).tolist()
    (True, [1.0, 2.0])
    """
    if type(given) is np.ndarray and (given.dtype, given.shape) == (like.dtype, like.shape):
        fits = given.flags.aligned and (given.flags.c_contiguous or not plain)
        return given if fits else given.copy()
    copied = np.array(np.asarray(given))
    return copied.astype(like.dtype) if copied.shape == like.shape else like
