"""Which known mistakes explain a part: alone, two at once, or in the forward pass before it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from bnproof.causes.agreement import ObservedOutput
from bnproof.causes.reproduction import observed_of
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import MODE_OF
from bnproof.engine.model.case import columns
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import LIKE_X, Output
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.result import Cause
from bnproof.engine.truth.bounds import ladder
from bnproof.grading.graded_parts import Part
from bnproof.grading.verdicts import PartTrials
from bnproof.mutants.catalogue import MUTANTS
from bnproof.mutants.decorators import ATTRIBUTE
from bnproof.mutants.hints import FAMILIES as HINTED
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts

NAMED = 3
"""At most so many causes are named."""

FAMILIES = frozenset(HINTED)
"""Families of mistakes that students make: those with hints."""

PAIRED = {
    "train-output": ("formula", "eps"),
    "running-statistics": ("running", "running-values"),
    "test-output": ("mode", "eps"),
    "dx": ("backward", "eps"),
    "dgamma": ("parameter-gradients",),
    "dbeta": ("parameter-gradients",),
}
"""The families of which two mistakes at once are looked for, by the name of the part."""

SINGLE = ladder(FORMATS["float32"], FORMATS["float32"])["one-pass"]
"""What float32 may be off by."""

RIGHT = Mutant("right", "", "", (), (), Parts)
"""No mistake at all, to compare with."""

Mistakes = tuple[Mutant, ...]
"""One mistake, or several at once."""


class Library:
    """The known mistakes, run on the data of an exercise as often as needed, each time once."""

    def __init__(self) -> None:
        self._mutants = [m for m in MUTANTS if m.family in FAMILIES]
        self._seen: dict[tuple[str, ...], Observation | None] = {}

    def alone(self, look: PartTrials) -> list[Mutant]:
        """The mistakes that reproduce a part on all data, in the order of the library.

        Where none reproduces all its outputs, the right ones among them are left out.
        """
        found = [m for m in self._distinct() if self.explains((m,), look)]
        wrong = wrong_outputs(look)
        if found or len(wrong) == len(look.part.outputs):
            return found
        narrowed = replace(look, part=replace(look.part, outputs=wrong))
        return self.alone(narrowed)

    def pairs(self, look: PartTrials) -> Iterator[Mistakes]:
        """Two mistakes that reproduce it together, each of which changes it by itself."""
        steps = [m for m in self._of(look) if self._changes(m, look, look.part.outputs)]
        if look.part.needs:  # the forward pass is right, so neither mistake may change it
            steps = [m for m in steps if not self._changes(m, look, ("y",))]
        return (pair for pair in combinations(steps, 2) if self.explains(pair, look))

    def after(self, forward: Sequence[Mutant], look: PartTrials) -> list[Mistakes]:
        """A mistake of the forward pass alone, or with one of the backward pass, for a gradient."""
        for first in forward:
            if self.explains((first,), look):
                return [(first,)]
        steps = [m for m in self._of(look) if not self._changes(m, look, ("y",))]
        pairs: Iterator[Mistakes] = ((first, step) for first in forward for step in steps)
        found = next((pair for pair in pairs if self.explains(pair, look)), None)
        return [] if found is None else [found]

    def explains(self, mistakes: Mistakes, look: PartTrials) -> bool:
        """Whether mistakes give the numbers of a part, right and wrong ones, on all data."""
        records = sorted(look.trial.records, key=lambda r: _worst(r, look.part), reverse=True)
        return bool(records) and all(self._gives(mistakes, r, look.part) for r in records)

    def _gives(self, mistakes: Mistakes, record: Record, part: Part) -> bool:
        observed = self._observed(mistakes, record)
        if observed is None or observed.of(EventKind.RAISED, EventKind.MALFORMED):
            return False
        results = observed.results.get(part.call, {})
        for output in part.outputs:
            judged, result = record.of(part.call, output), results.get(output)
            if judged is None or result is None:
                return False
            if not ObservedOutput(judged).agrees(columns(result) if output in LIKE_X else result):
                return False
        return True

    def _observed(self, mistakes: Mistakes, record: Record) -> Observation | None:
        key = (*(m.id for m in mistakes), record.case.name, str(record.case.x.ndim))
        if key not in self._seen:
            case = record.case.with_(calls="short", layouts={})
            implementation = _combined(mistakes)
            self._seen[key] = implementation and observed_of(
                implementation, record.declaration, case
            )
        return self._seen[key]

    def _of(self, look: PartTrials) -> list[Mutant]:
        """The mistakes that are looked for two at a time in a part of this name."""
        families = PAIRED.get(look.part.name, ())
        return [m for m in self._distinct() if m.family in families]

    def _changes(self, mutant: Mutant, look: PartTrials, outputs: tuple[Output, ...]) -> bool:
        """Whether a mistake changes outputs on the first data, be it in the last bits."""
        record, call = look.trial.records[0], look.part.call
        wrong, right = (self._observed((m,), record) for m in (mutant, RIGHT))
        if wrong is None or right is None or wrong.of(EventKind.RAISED, EventKind.MALFORMED):
            return True
        pairs = ((wrong.results[call].get(n), right.results[call].get(n)) for n in outputs)
        return not all(
            one is not None and other is not None and np.array_equal(one, other, equal_nan=True)
            for one, other in pairs
        )

    def _distinct(self) -> list[Mutant]:
        """One mutant of each group of nearly equal ones."""
        return list({m.counts_as: m for m in reversed(self._mutants)}.values())[::-1]


def in_single_precision(look: PartTrials) -> bool:
    """Whether all wrong numbers of a part are as close as float32 allows."""
    wrong = [found for found in look.judged(look.part.call) if found[2].worst > 1]
    mode = MODE_OF[look.part.call]
    bounds = (record.subjects[mode].bound(SINGLE, judged.output) for record, _, judged in wrong)
    pairs = zip(wrong, bounds, strict=True)
    return bool(wrong) and all(bool((j.error <= bound).all()) for (_, _, j), bound in pairs)


def as_causes(mutants: Iterable[Mutant]) -> tuple[Cause, ...]:
    """Mistakes as a report holds them, the first few."""
    return tuple(Cause(m.id, m.mistake, m.repair, m.issues) for m in list(mutants)[:NAMED])


def wrong_outputs(look: PartTrials) -> tuple[Output, ...]:
    """The outputs of a part that are wrong in some record."""
    found = {judged.output for _, _, judged in look.judged(look.part.call) if judged.worst > 1}
    return tuple(output for output in look.part.outputs if output in found)


def _worst(record: Record, part: Part) -> float:
    found = (record.of(part.call, output) for output in part.outputs)
    return max((judged.worst for judged in found if judged is not None), default=0.0)


def _replaced(kind: type) -> set[str]:
    """The steps that a mutant replaces; what it is registered with is none."""
    return {name for name in vars(kind) if not name.startswith("__") and name != ATTRIBUTE}


def _combined(mistakes: Mistakes) -> Any:
    """A mutant with the wrong steps of all, or None where two replace the same step."""
    if len(mistakes) == 1:
        return mistakes[0]
    made = [m.make for m in mistakes if isinstance(m.make, type) and issubclass(m.make, Parts)]
    if len(made) < len(mistakes):
        return None
    steps = [_replaced(kind) for kind in made]
    if any(a & b for a, b in combinations(steps, 2)):
        return None
    try:
        combined = type("Combined", tuple(made), {})
    except TypeError:  # one is a kind of the other
        return None
    first = mistakes[0]
    return Mutant(first.id, first.mistake, first.repair, (), (), combined)
