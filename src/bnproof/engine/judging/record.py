"""A record: one case that ran, judged once; properties are predicates over records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.calls import MODE_OF, Call
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Mode, Output
from bnproof.engine.model.observation import Observation
from bnproof.engine.truth.bounds import Arithmetic, Quantities
from bnproof.engine.truth.bounds.expected import Expected
from bnproof.engine.truth.integers import Exact
from bnproof.engine.truth.once import once

Found = AccuracyClass | Literal[""]
"""The strongest class that explains something, "" if none does."""


def ratios(off: Array, bound: Array) -> Array:
    """error / bound: 0 where there is no error or nothing is judged."""
    with np.errstate(all="ignore"):
        ratio = np.where(off == 0, 0.0, off / bound)
        return np.where(np.isinf(bound), 0.0, ratio)


def largest(off: Array, bound: Array) -> float:
    """The largest of `ratios`, 0 if there is none.

    >>> largest(np.array([0.5, 3.0]), np.array([1.0, np.inf]))
    0.5
    """
    with np.errstate(all="ignore"):
        worst = float((off / bound).max(initial=0.0))
    return worst if worst < np.inf else float(ratios(off, bound).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class Judged:
    """One output of one call, held against the truth.

    Attributes:
        output: for instance "dx".
        got, bound: as columns, (N, C) or (C,); the bound is infinite where nothing is judged.
        truth: (high, low).
        error: |got - truth|.
    """

    output: Output
    got: Array
    truth: Exact
    error: Array
    bound: Array

    @once
    def ratios(self) -> Array:
        """error / bound: 0 where there is no error or nothing is judged."""
        return ratios(self.error, self.bound)

    @once
    def by_class(self) -> "dict[AccuracyClass, Judged]":
        """The same as other classes bound it, where that was asked for; see `Record.under`."""
        return {}

    @once
    def worst(self) -> float:
        """Largest error/bound."""
        return largest(self.error, self.bound)

    @once
    def worst_by_channel(self) -> Array:
        """Largest error/bound of each channel."""
        return self.ratios if self.ratios.ndim == 1 else self.ratios.max(axis=0, initial=0.0)

    def in_full(self) -> "Judged":
        """The output with all its elements."""
        return self

    def kept(self, form: "Callable[[], Judged]") -> "Judged":
        """What is formed like this, as this one is kept."""
        return form()

    @once
    def worst_index(self) -> tuple[int, ...]:
        """Where it is."""
        found = self.ratios
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(found)), found.shape))

    @once
    def not_judged(self) -> bool:
        """Whether no bound exists for some channel."""
        return bool(np.isinf(self.bound).any())


@dataclass(eq=False)
class Record:
    """Everything known of one case on one implementation.

    Attributes:
        case, declaration, observation: what was run, on what, and what came back.
        judged: by call, then by output.
        subjects: truth and bounds by mode, "train" or "infer", where they were needed.
        arithmetic: the declared class; over integer data with the family of algorithms whose
            bounds explain the outputs, or come nearest to it.
        found: the strongest class that explains every output, "" if none does.
        exact: outputs that came back bit for bit, and how many were looked at, for cases whose
            outputs are all representable.
        ran: the case as it was run, which has more channels than are looked at, or is the life
            of a layer that this is a step of.
        spoiled: by call, then by output, where arguments are NaN or infinite: each element held
            against the kinds of value that it may have (`bnproof.engine.judging.spoiled_results`).
    """

    case: Case
    declaration: Declaration
    observation: Observation
    arithmetic: Arithmetic
    judged: dict[Call, dict[Output, Judged]] = field(default_factory=dict)
    subjects: dict[Mode, Expected] = field(default_factory=dict)
    found: Found = ""
    exact: tuple[int, int] = (0, 0)
    ran: Case | None = None
    spoiled: dict[Call, dict[Output, Judged]] = field(default_factory=dict)

    @property
    def train(self) -> Quantities | None:
        """The exact quantities of training."""
        return self._quantities("train")

    @property
    def infer(self) -> Quantities | None:
        """The exact quantities of inference."""
        return self._quantities("infer")

    def _quantities(self, mode: Mode) -> Quantities | None:
        subject = self.subjects.get(mode)
        return None if subject is None else subject.quantities

    def of(self, call: Call, output: Output) -> Judged | None:
        """One judged output, None where it was not offered or the case did not get so far."""
        return self.judged.get(call, {}).get(output)

    def like(self, call: Call, judged: Judged) -> Judged | None:
        """The same output of a call."""
        return self.judged.get(call, {}).get(judged.output)

    def all_judged(self, *calls: Call) -> Iterator[tuple[Call, Judged]]:
        """All judged outputs of some calls, or of all."""
        for call, outputs in self.judged.items():
            if not calls or call in calls:
                for judged in outputs.values():
                    yield call, judged

    def all_wrong(self) -> Iterator[tuple[Call, Judged]]:
        """All outputs that are not what they should be, in number or in kind."""
        for results in (self.judged, self.spoiled):
            for call, outputs in results.items():
                for judged in outputs.values():
                    if judged.worst > 1:
                        yield call, judged

    def expected_of(self, call: Call) -> Expected:
        """Truth and bounds of a call."""
        return self.subjects[MODE_OF[call]]

    def under(self, arithmetic: Arithmetic, call: Call, judged: Judged) -> Judged:
        """A judged output as another class bounds it; what is not judged stays so."""
        if arithmetic.name == self.arithmetic.name:
            return judged
        if arithmetic.name not in judged.by_class:
            form = partial(self.formed_under, arithmetic, call, judged)
            judged.by_class[arithmetic.name] = judged.kept(form)
        return judged.by_class[arithmetic.name]

    def formed_under(self, arithmetic: Arithmetic, call: Call, judged: Judged) -> Judged:
        """The same, with all its elements, formed anew."""
        if self.arithmetic.summation is not None:
            arithmetic = replace(arithmetic, summation=self.arithmetic.summation)
        whole = judged.in_full()
        bound = self.expected_of(call).bound(arithmetic, whole.output)[: len(whole.error)]
        return replace(whole, bound=np.where(np.isinf(whole.bound), np.inf, bound))

    @property
    def worst(self) -> float:
        """Largest error/bound over all outputs."""
        return max((j.worst for _, j in self.all_judged()), default=0.0)
