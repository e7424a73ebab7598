"""The calls that identify makes of a target, each made once, and what came back.

A target is called as if nothing were declared about conventions: in the layout of axis 1, with
buffers of its own for the running statistics.  What limits it, its dtypes, ranks, fixed settings
and accepted ranges, is respected.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.contract.declaration import RANKS, Declaration
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.model.calls import Call
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import Output
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.truth.bounds import Arithmetic, ladder
from bnproof.engine.wording.events import ending, raised, sentence

EPS, MOMENTUM = 0.5, 0.25
"""Of the main probe: large enough that its place shows, and a weight that is not its complement."""

RUNNING = (0.25, 3.0, 1.25)
"""Running variances, on both sides of eps; the running means are 2 less."""

WIDEST_FIRST = ("float32", "float64", "float16", "bfloat16")
"""float32 before float64: settings may be rounded to float32, which only float64 would see."""

SPREAD = (0.5, 1.0, 2.0)
"""Standard deviations of the channels: var + eps and max(var, eps) differ in each."""


class Prober(Protocol):
    """What a session offers: `bnproof.sandbox.session.Session`, or the local one."""

    @property
    def declaration(self) -> Declaration:
        """What the target declares."""

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""

    def default_behaviour(self, batches: Sequence[Array], channels: int) -> DefaultBehaviour:
        """What a layer made without settings does with some batches."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One probe: the case, what came back of it, and what went wrong.

    Attributes:
        failed: in a line what was raised or how the target died, "" if nothing.
    """

    case: Case
    observation: Observation
    failed: str

    def result(self, call: Call, name: Output) -> Array | None:
        """A result of "train" or "infer", None where it was not offered."""
        return self.observation.results.get(call, {}).get(name)

    def statistic(self, name: Output) -> Array | None:
        """A running statistic after training: returned, or else left in the buffer if changed."""
        returned = self.result("train", name)
        buffer = self.result("train buffers", name)
        if returned is None and buffer is not None and self.updates_buffers:
            return buffer
        return returned

    @property
    def updates_buffers(self) -> bool:
        """Whether the buffers of the running statistics were changed in training."""
        buffers = self.observation.results.get("train buffers", {})
        return any(
            not np.array_equal(held, getattr(self.case, name), equal_nan=True)
            for name, held in buffers.items()
        )


class Probes:
    """All probes of one target in one dtype."""

    def __init__(self, session: Prober) -> None:
        self.session, self.declared = session, session.declaration
        self.dtype = next(d for d in WIDEST_FIRST if d in self.declared.dtypes)
        self._mains: dict[tuple[int, str], Seen] = {}
        self._known: dict[str, Any] = {}

    # --- what the calls are made with ------------------------------------------------------------

    @property
    def neutral(self) -> Declaration:
        """What limits the target, and the contract's defaults for all conventions."""
        declared, shaped = self.declared, "shape" in self.declared.fixed
        return Declaration(
            dtypes=declared.dtypes,
            parameter_dtypes=declared.parameter_dtypes,
            ranks=declared.ranks,
            channel_axis=declared.channel_axis if shaped else 1,
            affine_parameters=declared.affine_parameters,
            flush_to_zero=declared.flush_to_zero,
            accepts=declared.accepts,
            fixed=declared.fixed,
            in_place=True,  # so that each call has buffers of its own, which are looked at
            deterministic=False,
            methods=declared.methods,
            layer_options=declared.layer_options,
        )

    @property
    def weakest(self) -> Arithmetic:
        """The weakest accuracy class of the dtype, by whose bounds results are explained."""
        return list(self.classes(self.dtype).values())[-1]

    def classes(self, dtype: str) -> dict[AccuracyClass, Arithmetic]:
        """The accuracy classes of a dtype."""
        parameters = FORMATS[self.declared.parameter_dtype(dtype)]
        flush = self.declared.flush_to_zero
        return dict(ladder(FORMATS[dtype], parameters, flush_to_zero=flush))

    @property
    def channels(self) -> int:
        """Channels of the probes."""
        return int(self.declared.fixed.get("channels", 3))

    @property
    def trains(self) -> bool:
        """Whether the target offers training."""
        return bool({"train", "layer"} & set(self.declared.methods))

    def shape(self, rank: int) -> tuple[int, ...]:
        """As many channels on the last axis as on axis 1, so that either may hold them."""
        c = self.channels
        return {2: (5, c), 3: (2, c, c), 4: (2, c, 1, c), 5: (2, c, 1, 1, c)}[rank]

    def case(self, rank: int, name: str, dtype: str = "", **settings: Any) -> Case:
        """A case of ordinary data with gamma 1 and beta 0, unless they are given."""
        build = Builder(self.neutral, dtype or self.dtype, 0)
        spread = np.resize(SPREAD, self.channels).reshape(-1, *(1,) * (rank - 2))
        x = 0.75 + spread * build.normal(*self.shape(rank))
        drawn = np.resize(RUNNING, self.channels)
        statistics = {"running_mean": drawn - 2, "running_var": drawn}
        given = {
            **statistics,
            "eps": EPS,
            "momentum": MOMENTUM,
            "gamma": 1.0,
            "beta": 0.0,
            **settings,
        }
        return build.case(name, x, **given)

    # --- probes ----------------------------------------------------------------------------------

    def main(self, rank: int, calls: str) -> Seen:
        """The main probe in one rank; ``calls`` is "train" or "infer"."""
        if (rank, calls) not in self._mains:
            case = self.case(rank, f"main, rank {rank}", calls=calls)
            self._mains[rank, calls] = self.run(case)
        return self._mains[rank, calls]

    def run(self, case: Case, **declared: Any) -> Seen:
        """One probe, as if this were declared."""
        observation = self.session.probe(case, replace(self.neutral, **declared))
        return Seen(case, observation, _failed(observation))

    def once(self, name: str, make: Any) -> Any:
        """What ``make(self)`` gives, made once and kept by a name."""
        if name not in self._known:
            self._known[name] = make(self)
        return self._known[name]

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks to try: all, or those of the fixed shape."""
        shape = self.declared.fixed.get("shape")
        return RANKS if shape is None else (len(shape),)


def _failed(observation: Observation) -> str:
    if observation.failure:
        return f"{observation.failure.kind}: {ending(observation.failure)}"
    events = observation.of(EventKind.RAISED, EventKind.MALFORMED)
    return f"{events[0].called}: {_described(events[0])}" if events else ""


def _described(event: Event) -> str:
    return raised(event) if event.kind is EventKind.RAISED else sentence(event)
