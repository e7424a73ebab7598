"""The whole check of an implementation in one call, in any test framework or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bnproof.engine.model.result import Report
from bnproof.engine.model.verdict import Profile
from bnproof.report.failures import failures
from bnproof.report.lines import joined
from bnproof.report.summary import verdict_line
from bnproof.targets.text import TargetError
from bnproof.testing.planned_checks import Checks, KnownFailures, Verdict


class ConformanceError(AssertionError):
    """An implementation does not conform; the message is what ``bnproof check`` prints of it.

    Attributes:
        report: all that was found.
    """

    __module__ = "bnproof.testing"  # where users import it from, and a traceback says so

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def check_implementation(
    implementation: Any,
    on_fail: Literal["raise", "report"] = "raise",
    *,
    profile: Profile = "standard",
    seed: int = 0,
    dtypes: Sequence[str] = (),
    properties: Sequence[str] = (),
    timeout: float | None = None,
    memory: int | None = None,
    known_failures: KnownFailures = None,
    declare: Iterable[str] | Mapping[str, Any] = (),
    without: Iterable[str] = (),
    identify: bool = False,
) -> Report:
    """Check an implementation, and give the report.

    ``implementation`` is an object or class of the contract, a torch module, a pair of functions,
    or a target as the command line takes it; objects are checked in this process, and ``timeout``
    (seconds for one call) and ``memory`` (bytes) are for targets only.  ``known_failures`` maps
    ids of properties, or ``ID[dtype]``, to reasons, or is the path of a file.  ``declare`` are
    attributes of the contract, as ``{"momentum_weighs": "old"}``; ``without`` are parts that the
    implementation does not have, as ``["evaluation"]``; with ``identify`` the conventions that
    nothing declares are found by probing.  pyproject.toml may say the same.  Of several variants,
    as a torch module has, the report has the results of all.

    Raises ConformanceError if it does not conform, cannot be used, or too little was checked,
    unless ``on_fail`` is "report"; UsageError for a property or a dtype that there is not.

    >>> from bnproof.reference import BatchNorm
    >>> report = check_implementation(
    ...     BatchNorm(), profile="quick", dtypes=["float32"], properties=["running/dtype"]
    ... )
    >>> report.conforms
    True
    """
    if on_fail not in ("raise", "report"):
        raise ValueError(f'on_fail is {on_fail!r}; write "raise" or "report"')
    checks = Checks(
        implementation,
        dtypes=dtypes,
        properties=properties,
        known_failures=known_failures,
        declare=declare,
        without=without,
        identify=identify,
        profile=profile,
        seed=seed,
        timeout=timeout,
        memory=memory,
    )
    report = _report(checks)
    if on_fail == "raise" and not report.conforms:
        __tracebackhide__ = True
        raise ConformanceError(_message(report), report)
    return report


def _report(checks: Checks) -> Report:
    asked = {name: checks.settings[name] for name in ("profile", "seed")}
    if checks.plan.errors:
        return Report(checks.target, error="\n".join(checks.plan.errors), **asked)
    try:
        verdicts = list(checks.verdicts())
    except TargetError as error:
        return Report(checks.target, error=str(error), **asked)
    return _merged(verdicts)


def _merged(verdicts: Sequence[Verdict]) -> Report:
    """One report of those on each dtype and variant."""
    parts = list({id(verdict.report): verdict for verdict in verdicts}.values())

    def by_dtype(attribute: str) -> dict[str, Any]:
        return {
            f"{dtype}, variant {part.planned.variant + 1}" if part.planned.variant else dtype: found
            for part in parts
            for dtype, found in getattr(part.report, attribute).items()
        }

    def all_of(attribute: str) -> tuple[str, ...]:
        lines = (line for part in parts for line in getattr(part.report, attribute))
        return tuple(dict.fromkeys(lines))

    return replace(
        parts[0].report,
        results=tuple(verdict.result for verdict in verdicts),
        accuracy=by_dtype("accuracy"),
        cases=by_dtype("cases"),
        promised=by_dtype("promised"),
        notes=all_of("notes"),
        incomplete=all_of("incomplete"),
        advice=all_of("advice"),
        differs_in=all_of("differs_in"),
        seconds=sum(part.report.seconds for part in parts),
    )


def _message(report: Report) -> str:
    if report.error:
        return report.error
    blocks = [*failures(report.results), [verdict_line([report])]]
    told = [*report.advice, *report.incomplete]
    return "\n".join([*told, *(line.plain for line in joined(blocks))])
