"""One check of one target: every variant of it, each with a report of its own."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnproof.properties.contract import Declaration
from bnproof.properties.formats import FORMATS
from bnproof.properties.result import Report, Result
from bnproof.run.in_process import InProcess, label
from bnproof.run.session import TIMEOUT, Session
from bnproof.run.target import TargetError, parse, suggestion

if TYPE_CHECKING:
    from bnproof.properties.checking import Checked

Progress = Callable[[int, int, str], None]
AnySession = Session | InProcess

ALWAYS_TOLD = (
    "dtypes",
    "ranks",
    "channel_axis",
    "momentum_weighs",
    "running_variance",
    "single_value",
    "empty",
    "accuracy",
    "affine_parameters",
    "methods",
)
"""The declared attributes that are reported even where they are the contract's defaults."""


class UsageError(Exception):
    """What was asked for does not exist; the message has one or two lines for the user."""


def run_check(
    target: Any,
    *,
    profile: str = "standard",
    seed: int = 0,
    dtypes: Sequence[str] = (),
    properties: Sequence[str] = (),
    timeout: float = TIMEOUT,
    known_failures: Path | None = None,
    progress: Progress = lambda done, total, text: None,
) -> list[Report]:
    """Check a target; one report for each of its variants.

    A string names a target, which runs in a worker process; any other object is an
    implementation that is checked in this process, where nothing limits what it does.
    ``known_failures`` is a file of failures that are known: those get the verdict "known".

    Raises UsageError for a dtype or a property that there is not, and TargetError for a target
    that cannot be loaded.  One that was loaded and cannot be used gives a report that says so.
    """
    if isinstance(target, str):
        parse(target)
    if known_failures is not None and not known_failures.is_file():
        raise UsageError(f"no file of known failures {known_failures}")
    _check_dtypes(dtypes)
    check_properties(properties)
    asked: dict[str, Any] = {"profile": profile, "seed": seed}
    try:
        with open_session(target, timeout) as session:
            check_declared(dtypes, session.declarations)
            checks = _variants(session, dtypes)
            return [
                _check(session, wanted, tuple(properties), progress, asked) for wanted in checks
            ]
    except TargetError as error:
        if not error.loaded:
            raise
        name = target if isinstance(target, str) else label(target)
        return [Report(name, error=str(error), environment=environment(), **asked)]


@contextmanager
def open_session(target: Any, timeout: float = TIMEOUT) -> Iterator[AnySession]:
    """A session on a target, in a worker if it is named by a string, else in this process.

    Raises TargetError if there is no such target, or if it is not of the contract.
    """
    if isinstance(target, str):
        with Session(target, timeout=timeout) as session:
            yield session
    else:
        yield InProcess(target)


def exit_status(reports: Sequence[Report]) -> int:
    """The worst status of some reports: 2 cannot be used, 1 violated, 4 too little, 0 conforms.

    >>> exit_status([Report("mine"), Report("mine", error="no such method")])
    2
    """
    found = {report.exit_status for report in reports}
    return next((status for status in (2, 1, 4) if status in found), 0)


def environment() -> dict[str, str]:
    """Versions and platform of a run."""
    versions = {name: metadata.version(name) for name in ("bnproof", "numpy", "hypothesis")}
    return {"python": platform.python_version(), "platform": platform.platform(), **versions}


def conventions(declaration: Declaration) -> dict[str, Any]:
    """What an implementation declares, as far as it matters to a reader of the report.

    >>> conventions(Declaration(fixed={"eps": 0.5}))["fixed"]
    {'eps': 0.5}
    """
    default = Declaration()
    told: dict[str, Any] = {}
    for attribute in fields(Declaration):
        name, value = attribute.name, getattr(declaration, attribute.name)
        if name in ALWAYS_TOLD or value != getattr(default, name):
            told[name] = list(value) if isinstance(value, tuple) else value
    for found in ("name", "version", "layer_options"):
        told.pop(found, None)
    return told


def _variants(session: AnySession, dtypes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Select the variants that have some of the dtypes, one after the other."""
    for number, declaration in enumerate(session.declarations):
        wanted = tuple(d for d in declaration.dtypes if not dtypes or d in dtypes)
        if wanted:
            session.select(number)
            yield wanted


def _check(
    session: AnySession,
    dtypes: tuple[str, ...],
    properties: tuple[str, ...],
    progress: Progress,
    asked: dict[str, Any],
) -> Report:
    """The report on the variant that is selected."""
    from bnproof.properties.checking import check  # noqa: PLC0415  # the costly part of bnproof

    began = time.monotonic()
    session.restarts = session.skipped = 0
    declaration = session.declaration
    told: dict[str, Any] = {
        **asked,
        "name": declaration.name,
        "version": declaration.version,
        "conventions": conventions(declaration),
        "environment": environment(),
    }
    try:
        session.try_out()
    except TargetError as error:
        message = f"{session.target} cannot be used: {error}"
        return Report(session.target, error=message, **told)
    found = check(
        session,
        declaration,
        dtypes=dtypes,
        properties=properties,
        progress=progress,
        **asked,
    )
    return Report(
        session.target,
        results=tuple(_with_causes(found)),
        accuracy=found.accuracy,
        cases=found.cases,
        promised=found.promised,
        notes=(*found.notes, *_notes(session)),
        seconds=time.monotonic() - began,
        **told,
    )


def _with_causes(found: "Checked") -> list[Result]:
    """The results, with the known mistakes that reproduce the failures."""
    if not any(result.violations for result in found.results):
        return found.results
    from bnproof.diagnosis.causes import with_causes  # noqa: PLC0415  # only after a failure

    by_dtype: dict[str, list[Result]] = {}
    for result in found.results:
        by_dtype.setdefault(result.dtype, []).append(result)
    return [
        result
        for dtype, results in by_dtype.items()
        for result in with_causes(results, found.evidence.get(dtype, []))
    ]


def _notes(session: AnySession) -> list[str]:
    told = (
        (session.restarts, "times the worker had to be started again"),
        (session.skipped, "cases were not tried any more, after too many crashes or time-outs"),
    )
    return [f"{number} {what}" for number, what in told if number]


def _check_dtypes(dtypes: Sequence[str]) -> None:
    for dtype in dtypes:
        if dtype not in FORMATS:
            hint = suggestion(dtype, list(FORMATS))
            raise UsageError(f"no dtype {dtype!r}{hint}; there are {', '.join(FORMATS)}")


def check_declared(dtypes: Sequence[str], declarations: Sequence[Declaration]) -> None:
    """Raise UsageError for a dtype that no variant declares."""
    declared = list(dict.fromkeys(d for declaration in declarations for d in declaration.dtypes))
    for dtype in dtypes:
        if dtype not in declared:
            name = declarations[0].name
            raise UsageError(f"{name} does not declare {dtype}; it declares {', '.join(declared)}")


def check_properties(patterns: Sequence[str]) -> None:
    """Raise UsageError for a pattern that matches no property."""
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415
    from bnproof.properties.checking import PROPERTY_IDS  # noqa: PLC0415

    for pattern in patterns:
        try:
            chosen((pattern,))
        except LookupError as error:
            hint = suggestion(pattern, list(PROPERTY_IDS))
            raise UsageError(f"{error.args[0]}{hint}; see bnproof check --list") from error
