"""The search for lives of layers: a Hypothesis state machine, held against an exact model.

The machine only writes a script; each is run as one case, by the worker that runs all others, and
every step of it is judged from the state that the layer reported before, by exact arithmetic.
"""

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.script import BATCHES, TRAINED, Action, BatchName
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.layer_data import SHAPES, accumulates, ranks
from bnproof.engine.search.cases import Violated, Violates, is_violated
from bnproof.engine.search.strategies import SETTINGS

Run = Callable[[Case], list[Record]]
STEPS = 12
"""At most so many actions in a life."""

LAYERS = st.sampled_from((0, 1))


def search_lives(
    run: Run,
    declaration: Declaration,
    dtype: str,
    *,
    examples: int,
    seed_value: int,
    violates: Violates = is_violated,
) -> list[Record]:
    """Records of searched lives and their steps; where one violates something, the shortest too.

    ``run`` executes and judges a life; ``violates`` tells what ends the search.  The same seed
    gives the same records.
    """
    kept: list[Record] = []
    violating: list[list[Record]] = []
    numbers = itertools.count(1)

    def live(case: Case) -> None:
        tags = case.tags | {Tag.SEARCHED}
        records = run(case.with_(name=f"searched life {next(numbers)}", tags=tags))
        if any(map(violates, records)):
            violating.append(records)
            raise Violated
        kept.extend(records)

    given = {"declaration": declaration, "dtype": dtype, "live": staticmethod(live)}
    machine: type[Life] = seed(seed_value)(type("SearchedLife", (Life,), given))
    with suppress(Violated, Flaky):  # what does not fail again was violated all the same
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                verbosity=Verbosity.quiet,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
        )
    if violating:
        shortest: list[Record] = min(violating, key=_length)
        kept += shortest
    return kept


def _length(records: list[Record]) -> tuple[int, int]:
    """How long a life is, then how large its data."""
    case = records[0].case
    return len(case.script), case.x.size


class Life(RuleBasedStateMachine):
    """Its rules write actions; its end runs them.  A search makes a class of its own from it.

    Attributes:
        declaration, dtype: of the implementation.
        live: runs and judges a life; raises Violated.
    """

    declaration: Declaration
    dtype: str
    live: Callable[[Case], None]

    calls: Bundle[int] = Bundle("calls")
    states: Bundle[int] = Bundle("states")

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Action] = []
        self.case: Case | None = None
        self.made = self.saved = 0

    @initialize(data=st.data(), pair=st.sampled_from(SETTINGS), number=st.integers(0, 2**10))
    def begin(self, data: Any, pair: tuple[float, float], number: int) -> None:
        """Rank, settings and data of both layers."""
        rank = data.draw(st.sampled_from(ranks(self.declaration)))
        eps, weight = pair
        cumulative = accumulates(self.declaration) and data.draw(st.booleans())
        build = Builder(self.declaration, self.dtype, number)
        self.case = build.case(
            "life",
            build.normal(*SHAPES[rank]),
            eps=eps,
            weight=None if cumulative else weight,
            calls="layer",
            tags=frozenset({Tag.LAYER}),
        )

    @rule(target=calls, layer=LAYERS, batch=st.sampled_from(TRAINED))
    def train(self, layer: int, batch: BatchName) -> int:
        """A training step and its backward."""
        return self._call(Action("train", layer, batch))

    @rule(target=calls, layer=LAYERS, batch=st.sampled_from(tuple(BATCHES)))
    def infer(self, layer: int, batch: BatchName) -> int:
        """Evaluation with frozen statistics, and its backward."""
        return self._call(Action("infer", layer, batch))

    @rule(number=calls)
    def backward(self, number: int) -> None:
        """Backward of any earlier call, whatever came between."""
        self.script.append(Action("backward", number=number))

    @rule(target=states, layer=LAYERS)
    def save(self, layer: int) -> int:
        """Save a state."""
        self.script.append(Action("save", layer))
        self.saved += 1
        return self.saved - 1

    @rule(layer=LAYERS, number=states)
    def load(self, layer: int, number: int) -> None:
        """Load any saved state into any layer."""
        self.script.append(Action("load", layer, number=number))

    def _call(self, action: Action) -> int:
        self.script.append(action)
        self.made += 1
        return self.made - 1

    def teardown(self) -> None:
        """Run the script, when Hypothesis has ended it; one without an action evaluates once.

        So every life counts as one, and as many run as a profile promises.
        """
        if self.case is not None:
            type(self).live(self.case.with_(script=tuple(self.script) or (Action("infer"),)))
