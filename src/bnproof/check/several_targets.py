"""Checks of several targets, one after the other or in parallel; the results are the same."""

from collections.abc import Sequence
from itertools import groupby

from bnproof.check.meter import Meter, Progress
from bnproof.check.one_target import (
    UsageError,
    check_asked,
    check_target,
    environment,
    not_examined,
    parts_of,
)
from bnproof.check.partition import Part, merged
from bnproof.check.processes import examine_parts
from bnproof.check.request import CheckedVariant, Request
from bnproof.check.saved_failures import warn_on_stderr
from bnproof.engine.model.result import Report
from bnproof.sandbox.sessions import written
from bnproof.targets.text import TargetError


def examine_all(
    targets: Sequence[str],
    asked: Request,
    progress: Progress = lambda done, total, text: None,
) -> list[list[CheckedVariant]]:
    """Check each target; a list of its variants each.

    With several ``jobs`` the variants and dtypes of all targets run in parallel processes, unless
    the run stops at the first failure.  After an interrupt, and after a failure if the run stops
    there, the targets that were not begun are missing.

    Raises UsageError, and TargetError if the only target cannot be loaded; of several targets one
    that cannot be loaded, or does not have what was asked for, has a report that says so.
    """
    check_asked(asked)
    if asked.jobs > 1 and not asked.stop_at_first:
        return _in_parallel(targets, asked, progress)
    examined: list[list[CheckedVariant]] = []
    meter = Meter(progress, len(targets))
    for target in targets:
        try:
            examined.append(check_target(target, asked, meter.next(), warn_on_stderr))
        except (TargetError, UsageError) as error:
            if len(targets) == 1:
                raise
            examined.append([not_examined(target, error, asked)])
        except KeyboardInterrupt:
            if not examined:
                raise
            examined.append(_interrupted(target, asked))
        last = examined[-1][-1].report
        if last.interrupted or last.stopped:
            break
    return examined


def _in_parallel(
    targets: Sequence[str], asked: Request, progress: Progress
) -> list[list[CheckedVariant]]:
    parts: list[Part] = []
    errors: dict[str, TargetError | UsageError] = {}
    for target in targets:
        try:
            parts += parts_of(target, asked)
        except (TargetError, UsageError) as error:
            if len(targets) == 1 and not getattr(error, "loaded", False):
                raise
            errors[target] = error
    found = examine_parts(parts, asked, asked.jobs, progress, warn_on_stderr)
    made = dict(zip(parts, found, strict=True))
    return [
        [not_examined(target, errors[target], asked)]
        if target in errors
        else _of_target(target, [part for part in parts if part.target == target], made, asked)
        for target in targets
    ]


def _of_target(
    target: str,
    parts: Sequence[Part],
    made: dict[Part, CheckedVariant | TargetError | None],
    asked: Request,
) -> list[CheckedVariant]:
    """The variants of one target, each merged from its dtypes."""
    examined: list[CheckedVariant] = []
    for _, group in groupby(parts, key=lambda part: part.variant):
        own = list(group)
        found = [made[part] for part in own]
        error = next((each for each in found if isinstance(each, TargetError)), None)
        if error is not None:
            return [not_examined(target, error, asked)]
        done = [each for each in found if isinstance(each, CheckedVariant)]
        if done:
            examined.append(merged(done, complete=len(done) == len(own)))
    if examined:
        return examined
    return _interrupted(target, asked)


def _interrupted(target: str, asked: Request) -> list[CheckedVariant]:
    """The report on a target that an interrupt came before."""
    report = Report(written(target), interrupted=True, environment=environment(), **asked.told())
    return [CheckedVariant(report)]
