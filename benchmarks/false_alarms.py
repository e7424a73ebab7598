"""Count false alarms: searched cases of right implementations that are reported as wrong.

    python benchmarks/false_alarms.py OUT.jsonl FIRST_SEED SEEDS [EXAMPLES] [TARGET ...]

Every control, the reference, modules of torch, and onnxruntime where it is installed are searched
as the standard profile does it, with EXAMPLES (250) cases per dtype and seed. JAX, which compiles
each shape for a quarter of a second, is searched if it is asked for by its name
(`benchmarks/other_libraries.py`). Then all properties are judged on the cases of the batch, and on
as many lives of layers as belong to it. A line of OUT is a batch: how many cases ran, and which
properties a case violated. Batches that OUT has already do not run again.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from other_libraries import Jax, OnnxRuntime

from bnproof.check.adopted_conventions import settle
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.judging.verdicts import conclude
from bnproof.engine.model.case import Case
from bnproof.engine.portfolio.layer_data import has_lives
from bnproof.engine.search.cases import search
from bnproof.engine.search.layer_lives import search_lives
from bnproof.engine.search.profiles import LIVES, SEARCHED
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES, concerning
from bnproof.reference import BatchNorm
from bnproof.sandbox.sessions import open_session

TORCH = ("torch.nn:BatchNorm1d", "torch.nn:BatchNorm2d", "torch.nn:BatchNorm3d")
LIBRARIES = {"onnxruntime": OnnxRuntime, "jax": Jax}


def targets() -> dict[str, Callable[[], Any]]:
    """What makes each target, by name; a string is a target of the command line."""
    made: dict[str, Callable[[], Any]] = {name: lambda name=name: name for name in TORCH}
    made |= {name: made_by for name, made_by in LIBRARIES.items() if find_spec(name)}
    made |= {"reference": BatchNorm}
    return made | {control.id: control.make for control in CONTROLS}


def batches(make: Callable[[], Any], seed: int, examples: int) -> Iterator[dict[str, Any]]:
    """The rows of one target and seed, one per dtype."""
    target = make()
    if not isinstance(target, str):
        session = InProcess(target).try_out()
        for dtype in session.declaration.dtypes:
            yield batch(session, dtype, seed, examples)
        return
    with open_session(target) as opened:
        opened.try_out()
        settle(opened, lambda *_: None)
        for dtype in opened.declaration.dtypes:
            yield batch(opened, dtype, seed, examples)


def batch(session: Any, dtype: str, seed: int, examples: int) -> dict[str, Any]:
    """Search in one dtype, and judge every property on what was found."""
    began = process_time()
    declaration = session.declaration
    judge = Judge(declaration, dtype)
    ran: list[Record] = []

    def run(case: Case) -> Record:
        ran.append(judge.judge(case, session.run(case)))
        return ran[-1]

    def live(case: Case) -> list[Record]:
        lived = judged(judge, case, session.run(case))
        ran.extend(lived)
        return lived

    kept = search(run, declaration, dtype, examples=examples, seed_value=seed)
    if has_lives(declaration, dtype):
        lives = examples * LIVES["standard"] // SEARCHED["standard"]
        kept += search_lives(live, declaration, dtype, examples=lives, seed_value=seed)
    records = Records(declaration, tuple(kept))
    alarms: dict[str, str] = {}
    for each in concerning(PROPERTIES, declaration, dtype):
        result, _ = conclude(each, records, dtype, ())
        if result.verdict == "fail":
            alarms[each.id] = result.violations[0].case
    return {
        "dtype": dtype,
        "seed": seed,
        "examples": examples,
        "cases": len(ran),
        "alarms": alarms,
        "worst": max((record.worst for record in kept), default=0.0),
        "seconds": round(process_time() - began, 2),
    }


def main() -> None:
    """Measure what OUT does not have."""
    out, first, seeds, *rest = sys.argv[1:]
    examples = int(rest[0]) if rest else 250
    path, wanted = Path(out), set(rest[1:]) or set(targets()) - {"jax"}
    lines = path.read_text().splitlines() if path.exists() else []
    have = {(row["target"], row["seed"], row["examples"]) for row in map(json.loads, lines)}
    for seed in range(int(first), int(first) + int(seeds)):
        for name, make in targets().items():
            if (name, seed, examples) in have or name not in wanted:
                continue
            with np.errstate(all="ignore"):
                rows = [{"target": name, **row} for row in batches(make, seed, examples)]
            with path.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
    rows = [*map(json.loads, path.read_text().splitlines())]
    alarmed = [row for row in rows if row["alarms"]]
    print(f"{sum(row['cases'] for row in rows):,} cases, {len(alarmed)} batches with false alarms")
    for row in alarmed:
        print(row["target"], row["dtype"], row["seed"], row["alarms"])


if __name__ == "__main__":
    main()
