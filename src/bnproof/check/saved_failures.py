"""Saving what failed in the project's cache folder, so that it can be run again by its id."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bnproof.engine.model.result import Result, Violation
from bnproof.engine.model.verdict import Profile
from bnproof.targets.outside import Outside

if TYPE_CHECKING:
    from bnproof.engine.judging.counterexample import Failing

Warn = Callable[[str], None]


def warn_on_stderr(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"warning: {text}\n")


def with_replays(
    results: Sequence[Result],
    failing: "Sequence[Failing]",
    warn: Warn,
    *,
    target: str,
    variant: str,
    profile: Profile,
    seed: int,
    outside: Outside | None = None,
) -> list[Result]:
    """The results, each violation with the id by which it is run again.

    ``outside`` is what was declared of the target, as the failure may follow from it.

    If the folder cannot be written, the results are as they were, and ``warn`` is told.
    """
    from bnproof.store.folder import ReplayFolder  # noqa: PLC0415  # the costly part of bnproof
    from bnproof.store.replay_file import Replay  # noqa: PLC0415  # costs time that not everybody needs

    counterexamples = {(f.property, f.dtype, f.counterexample.name): f for f in failing}
    replays: dict[tuple[str, str, str], Replay] = {}
    for result in results:
        for violation in result.violations:
            key = result.property, result.dtype, violation.case_name
            if key in counterexamples and key not in replays:
                replays[key] = Replay(
                    target=target,
                    folder=str(Path.cwd()),
                    variant=variant,
                    property=result.property,
                    dtype=result.dtype,
                    output=violation.output,
                    detail=violation.detail,
                    profile=profile,
                    seed=seed,
                    outside=outside or Outside(),
                    counterexample=counterexamples[key].counterexample,
                )
    if not replays:
        return list(results)
    folder = ReplayFolder()
    try:
        ids = dict(zip(replays, folder.save(replays.values()), strict=True))
    except OSError as error:
        warn(f"failures are not saved for bnproof replay: {folder.place}: {error.strerror}")
        return list(results)
    return [_with_ids(result, ids) for result in results]


def _with_ids(result: Result, ids: dict[tuple[str, str, str], str]) -> Result:
    def of(violation: Violation) -> str:
        return ids.get((result.property, result.dtype, violation.case_name), "")

    violations = tuple(replace(v, replay=of(v)) for v in result.violations)
    return replace(result, violations=violations, replay=violations[0].replay if violations else "")
