"""Choose the cases of the quick profile, by greedy cover of the measured kill matrix.

    python benchmarks/quick_choice.py src/bnproof/engine/portfolio/quick_table.py MATRIX.jsonl ...

Chosen are pairs of a case (in whatever rank) and a dtype, with the plan that is enough, so that

- each mutant that the whole matrix rejects is rejected by `KILLS` of the pairs, if so many can;
- the same holds where one dtype alone is checked, which takes over the cases of the others;
- each property is judged on `EXAMPLES` cases in each dtype, if so many can;
- lives of layers, of which there are few, are there in each dtype;
- every other case is there in one dtype at least, in turns.

The next pair is always the one that brings most of what is missing, per second that it costs.  The
table keeps that order, so that a wrong implementation fails on the first cases.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
from kill_matrix import shown_by, with_plan

from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.portfolio import AT_THE_END, pool
from bnproof.engine.portfolio.quick import unit_of
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.reference import BatchNorm

DTYPES = ("float32", "float64", "float16", "bfloat16")
KILLS = 3
EXAMPLES = 2
FULL = 2.5
"""What all calls cost, as a multiple of those of a short case."""

UNKNOWN = 0.02
ENOUGH = {"short": ("short", "full"), "full": ("full",)}
"""Plans that make the calls of a plan."""

Aim = tuple[str, ...]
"""Something to be reached: a mutant rejected, or a property judged."""


class Choice(NamedTuple):
    """A case in a dtype, with its plan ("short", "full", or "" for a plan of its own)."""

    unit: str
    dtype: str
    plan: str


@dataclass
class Matrix:
    """What each choice contributes to, with the other cases that this takes, and what it costs."""

    aims: dict[Choice, dict[Aim, frozenset[str]]] = field(default_factory=lambda: defaultdict(dict))
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, choice: Choice, aim: Aim, needed: Iterable[str] = ()) -> None:
        """Note that a choice contributes to an aim."""
        self.aims[choice][aim] = frozenset(needed)

    def cost(self, choice: Choice) -> float:
        """CPU seconds of a choice; of a case that no control takes, as of a large one."""
        return self.seconds.get(choice.unit, UNKNOWN) * (FULL if choice.plan == "full" else 1)

    def due(self) -> Counter[Aim]:
        """How often each aim is to be reached."""
        units: dict[Aim, set[tuple[str, str]]] = defaultdict(set)
        for choice, aims in self.aims.items():
            for aim in aims:
                units[aim].add(_counted(choice, aim))
        most = {"property": EXAMPLES}
        return Counter({a: min(most.get(a[0], KILLS), len(found)) for a, found in units.items()})


def rows(paths: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of all matrices."""
    return [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]


def with_mutants(matrix: Matrix, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add what rejects each mutant, in a dtype among all and in that dtype alone."""
    for row in rows:
        for unit, plan, needed in _everywhere(row["kills"]):
            for enough in ENOUGH[plan]:
                aim = ("mutant", row["mutant"])
                matrix.add(Choice(unit, row["dtype"], enough), aim, needed)
                for dtype in DTYPES:  # wherever it stands in the table, it comes here too
                    alone = ("alone", row["dtype"], row["mutant"])
                    matrix.add(Choice(unit, dtype, enough), alone, needed)


def _everywhere(kills: Sequence[tuple[str, str, Sequence[str]]]) -> Iterable[Any]:
    """Kills by cases that every target is given, if there are any; else all.

    Memory layouts and lives of layers are not there for every target; the last case always is.
    """
    found = [kill for kill in kills if not kill[0].endswith(AT_THE_END)]
    plain = [kill for kill in found if not kill[0].startswith(("memory: ", "layer"))]
    return plain or found


def with_properties(matrix: Matrix) -> None:
    """Add what each property is judged on, and what cases cost, by right implementations."""
    missing = {(p.id, dtype) for p in PROPERTIES for dtype in DTYPES}
    for implementation in (BatchNorm(), *(control.make() for control in CONTROLS)):
        session = InProcess(implementation).try_out()
        declaration = session.declaration
        for dtype in declaration.dtypes:
            due = {p.id for p in PROPERTIES if not p.unsupported(declaration, dtype)}
            wanted = {id_ for id_ in due if (id_, dtype) in missing}
            if wanted:
                _judged_on(matrix, session, dtype, wanted)
                missing -= {(id_, dtype) for id_ in wanted}


def _judged_on(matrix: Matrix, session: InProcess, dtype: str, wanted: set[str]) -> None:
    judge, records = Judge(session.declaration, dtype), list[Record]()
    for case in pool(session.declaration, dtype):
        began = process_time()
        judged(judge, case, session.run(with_plan(case, "short")))
        cost = process_time() - began
        unit = unit_of(case.name)
        matrix.seconds[unit] = max(cost, matrix.seconds.get(unit, 0.0))
        full = with_plan(case, "full")
        records += judged(judge, full, session.run(full))
    every = Records(session.declaration, tuple(records))
    for property_ in PROPERTIES:
        checks = property_.compare(every) if property_.id in wanted else ()
        for unit, plan, needed in set(shown_by(checks, every)):
            for enough in ENOUGH[plan]:
                aim = ("property", property_.id, dtype)
                matrix.add(Choice(unit, dtype, enough), aim, needed)


class Cover:
    """The choices so far, and what they reach."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.due = matrix.due()
        self.chosen: list[Choice] = []
        self._reached: dict[Aim, set[tuple[str, str]]] = defaultdict(set)
        self._taken: set[tuple[str, str]] = set()

    def take(self, choice: Choice) -> None:
        """Take a choice, after the cases that it is compared with."""
        self._taken.add((choice.unit, choice.dtype))
        needed = {unit for units in self.matrix.aims[choice].values() for unit in units}
        for unit in sorted(needed):
            if (unit, choice.dtype) not in self._taken:
                self.take(Choice(unit, choice.dtype, "short"))
        self.chosen.append(choice)
        for aim in self.matrix.aims[choice]:
            self._reached[aim].add(_counted(choice, aim))

    def worth(self, choice: Choice) -> float:
        """How many aims a choice brings nearer, per second."""
        new = sum(
            len(self._reached[aim]) < self.due[aim]
            and _counted(choice, aim) not in self._reached[aim]
            for aim in self.matrix.aims[choice]
        )
        return new / self.matrix.cost(choice)

    def complete(self) -> None:
        """Reject every mutant once, then all that is due; at last all lives, and what is left over.

        What no mutant needs may be what an unknown mistake needs, so that it comes in one dtype.
        """
        due = self.due
        self.due = Counter({aim: 1 for aim in due if aim[0] == "mutant"})
        self._take_all()
        self.due = due
        self._take_all()
        for choice in list(self.matrix.aims):
            if choice.unit.startswith("layer") and (choice.unit, choice.dtype) not in self._taken:
                self.take(choice)
        for unit in self.matrix.seconds:
            if not any((unit, dtype) in self._taken for dtype in DTYPES):
                self.take(Choice(unit, self._cheapest(), "short"))

    def _cheapest(self) -> str:
        """The dtype whose cases cost least so far."""
        spent = dict.fromkeys(DTYPES, 0.0)
        for choice in self.chosen:
            spent[choice.dtype] += self.matrix.cost(choice)
        return min(DTYPES, key=lambda dtype: spent[dtype])

    def _take_all(self) -> None:
        """Take what is worth most until nothing is missing.

        What a choice is worth only becomes less, so that most need not be looked at again.
        """
        best = [(-self.worth(choice), choice) for choice in self.matrix.aims]
        heapify(best)
        while best:
            _, choice = heappop(best)
            now = -self.worth(choice)
            if now < 0 and best and now > best[0][0]:
                heappush(best, (now, choice))
            elif now < 0:
                self.take(choice)


def _counted(choice: Choice, aim: Aim) -> tuple[str, str]:
    """What a choice counts as: a case alone, wherever it stands, if one dtype is to do."""
    return choice.unit, "" if aim[0] == "alone" else choice.dtype


def table(chosen: Iterable[Choice]) -> str:
    """The module that holds the choice."""
    plans: dict[str, dict[str, str]] = {dtype: {} for dtype in DTYPES}
    for choice in chosen:
        before = plans[choice.dtype].get(choice.unit)
        plan = "full" if "full" in (before, choice.plan) else choice.plan
        plans[choice.dtype][choice.unit] = plan
    return "\n".join(_lines(plans)) + "\n"


def _lines(plans: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield '"""The cases of the quick profile; benchmarks/quick_choice.py writes them."""'
    yield ""
    yield "from collections.abc import Mapping"
    yield ""
    yield "from bnproof.engine.model.case import Plan"
    yield ""
    yield "TABLE: Mapping[str, Mapping[str, Plan]] = {"
    for dtype, units in plans.items():
        yield f'    "{dtype}": {{'
        yield from (f'        "{unit}": "{plan}",' for unit, plan in units.items())
        yield "    },"
    yield "}"
    yield '"""The plan of each case, without its rank, by dtype, the most telling first."""'


def main() -> None:
    """Write the table, and how much was chosen."""
    out, *matrices = sys.argv[1:]
    np.seterr(all="ignore")
    matrix = Matrix()
    with_properties(matrix)
    with_mutants(matrix, rows(matrices))
    cover = Cover(matrix)
    cover.complete()
    seconds = sum(map(matrix.cost, cover.chosen))
    print(f"{len(cover.chosen)} choices, {seconds:.1f} s")
    Path(out).write_text(table(cover.chosen), encoding="utf-8")


if __name__ == "__main__":
    main()
