"""One check of one target: every variant of it, each with a report of its own."""

import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnproof.check.adopted_conventions import compiles, settle
from bnproof.check.advice import Advice, advice
from bnproof.check.meter import Meter, Progress
from bnproof.check.partition import Part
from bnproof.check.request import CheckedVariant, Request
from bnproof.check.saved_failures import Warn, warn_on_stderr, with_replays
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.not_checked import not_checked
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.result import Report, Result
from bnproof.engine.model.verdict import PROFILES, Profile
from bnproof.engine.wording.text import suggestion
from bnproof.known_failures.pinned_examples import by_variant, live, run_pinned, today
from bnproof.known_failures.settlement import with_known
from bnproof.recognition.recognised import DECLARED
from bnproof.sandbox.session import TIMEOUT
from bnproof.sandbox.sessions import AnySession, open_session, written
from bnproof.targets.declarations import DeclarationError, outside_of
from bnproof.targets.description import (
    NO_EVALUATION,
    incomplete_lines,
    left_out,
    origins_of,
    recognised_lines,
)
from bnproof.targets.outside import Outside
from bnproof.targets.text import WHOLE, TargetError, parse, unusable

if TYPE_CHECKING:
    from bnproof.check.one_implementation import CheckedDtypes
    from bnproof.engine.judging.record import Record
    from bnproof.known_failures.file import Entry

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
    profile: Profile = "standard",
    seed: int = 0,
    dtypes: Sequence[str] = (),
    properties: Sequence[str] = (),
    timeout: float = TIMEOUT,
    memory: int | None = None,
    known_failures: Path | None = None,
    declare: Iterable[str] | Mapping[str, Any] = (),
    without: Iterable[str] = (),
    identify: bool = False,
    progress: Progress = lambda done, total, text: None,
    warn: Warn = warn_on_stderr,
) -> list[Report]:
    """Check a target; one report for each of its variants.

    A string names a target, which runs in a worker process; any other object is an
    implementation that is checked in this process, where nothing limits what it does.

    ``timeout`` is in seconds, for one call; ``memory`` in bytes, for a worker beyond its imports,
    by default half of what the machine has.  A KeyboardInterrupt ends the run; the reports are
    those of what was found out until then, unless the target was not even loaded.

    ``known_failures`` is a file of failures that are known: those get the verdict "known", and
    an entry that is fixed, expired or matches nothing is a failure.  What fails is saved in the
    project's cache folder for ``bnproof replay``, which needs a target to load; ``warn`` is told
    if that is impossible.

    ``declare`` are attributes of the contract, as ``{"momentum_weighs": "old"}`` or texts
    ``"momentum_weighs=old"``; ``without`` are parts that the target does not have, such as
    "evaluation"; with ``identify`` the conventions that nothing declares are found by probing.

    Raises UsageError for a dtype or a property that there is not, for a declaration that the
    contract does not have and for a file of known failures that is not of the form, and
    TargetError for a target that cannot be loaded.  One that was loaded and cannot be used gives a
    report that says so.
    """
    try:
        outside = outside_of(declare, without, identify=identify)
    except DeclarationError as error:
        raise UsageError(str(error)) from error
    asked = Request(
        profile,
        seed,
        tuple(dtypes),
        tuple(properties),
        timeout,
        memory,
        known_failures,
        outside=outside,
    )
    return [each.report for each in check_target(target, asked, progress, warn)]


def check_target(
    target: Any,
    asked: Request,
    progress: Progress = lambda done, total, text: None,
    warn: Warn = warn_on_stderr,
) -> list[CheckedVariant]:
    """The same, with what it takes to write the failures into a file of known ones."""
    name = written(target)
    _refuse_exercises(target)
    check_asked(asked)
    entries = _entries(name, asked)
    try:
        outside = asked.outside_of(name)
        progress(0, 0, f"loading {name}")
        with open_session(target, asked.timeout, asked.memory, outside) as session:
            planned = list(_planned(session, asked))
            held = by_variant(entries, session.declarations)
            examined: list[CheckedVariant] = []
            meter = Meter(progress, len(planned))
            for number, dtypes in planned:
                session.select(number)
                part = meter.next()
                examined.append(_check(session, dtypes, asked, held[number], part, warn))
                if examined[-1].report.interrupted or examined[-1].report.stopped:
                    break
            return examined
    except TargetError as error:
        if not error.loaded:
            raise
        return [not_examined(name, error, asked)]


def not_examined(target: str, error: TargetError | UsageError, asked: Request) -> CheckedVariant:
    """The report on a target that cannot be loaded or used."""
    reason = error.reason if isinstance(error, TargetError) else ""
    told = asked.told()
    report = Report(
        target, error=str(error), error_reason=reason, environment=environment(), **told
    )
    return CheckedVariant(report)


def check_asked(asked: Request) -> None:
    """Raise UsageError for a profile, dtype or property that was asked for and does not exist."""
    check_profile(asked.profile)
    _check_dtypes(asked.dtypes)
    check_properties(asked.properties, asked.exclude)


def _refuse_exercises(target: Any) -> None:
    if isinstance(target, str) and parse(target).attributes == (WHOLE,):
        raise UsageError(f"{target} is a whole file; name what is in it, or use bnproof grade")


def parts_of(target: str, asked: Request) -> list[Part]:
    """The variants of a target in each of their dtypes, in order.

    Raises UsageError and TargetError as `check_target`.
    """
    _refuse_exercises(target)
    check_asked(asked)
    _entries(written(target), asked)
    outside = asked.outside_of(written(target))
    with open_session(target, asked.timeout, asked.memory, outside) as session:
        parts: list[Part] = []
        for number, dtypes in _planned(session, asked):
            compiled = _compiles(session, number)
            parts += [Part(target, number, dtype, dtypes, compiled) for dtype in dtypes]
        return parts


def _compiles(session: AnySession, number: int) -> bool:
    """Whether timing finds that a variant compiles for each shape."""
    session.select(number)
    try:
        session.try_out()
    except TargetError:
        return False  # its parts report it
    return compiles(session)


def examine_part(
    part: Part,
    asked: Request,
    progress: Progress = lambda done, total, text: None,
    warn: Warn = warn_on_stderr,
) -> CheckedVariant:
    """Check one variant of a target in one dtype."""
    asked = part.narrowed(asked)
    outside = asked.outside_of(written(part.target))
    with open_session(part.target, asked.timeout, asked.memory, outside) as session:
        held = by_variant(_entries(written(part.target), asked), session.declarations)
        session.select(part.variant)
        return _check(session, asked.dtypes, asked, held[part.variant], progress, warn)


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
    for found in ("name", "version", "layer_options", "made_of_layers", "demands"):
        told.pop(found, None)
    return told


def _planned(session: AnySession, asked: Request) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The number of each variant that has some of the dtypes, with these dtypes."""
    check_declared(asked.dtypes, session.declarations)
    for number, declaration in enumerate(session.declarations):
        wanted = tuple(d for d in declaration.dtypes if not asked.dtypes or d in asked.dtypes)
        if wanted:
            yield number, wanted


def _check(
    session: AnySession,
    dtypes: tuple[str, ...],
    asked: Request,
    entries: "Sequence[Entry]",
    progress: Progress,
    warn: Warn,
) -> CheckedVariant:
    """The report on the variant that is selected."""
    from bnproof.check.one_implementation import check  # noqa: PLC0415  # the costly part of bnproof

    began = time.monotonic()
    session.restarts = session.skipped = 0
    settled: list[str] = []
    told = _told(session, asked)
    try:
        progress(0, 0, "making the first calls")
        session.try_out()
        settled = settle(session, lambda _, __, text: progress(0, 0, text), compiles=asked.compiles)
        told = _told(session, asked)
        declaration = session.declaration
        pinned = run_pinned(session, _asked_for(entries, declaration, asked), today())
    except TargetError as error:
        broken = unusable(session.target, error)
        report = Report(session.target, error=str(broken), error_reason=broken.reason, **told)
        return CheckedVariant(report)
    except KeyboardInterrupt:
        notes = tuple(_notes(session))
        return CheckedVariant(Report(session.target, notes=notes, interrupted=True, **told))
    found = check(
        session,
        declaration,
        dtypes=dtypes,
        among=asked.among,
        properties=asked.properties,
        exclude=asked.exclude,
        known=live(pinned),
        stop_at_first=asked.stop_at_first,
        progress=progress,
        **asked.told(),
    )
    explained, advised = _explained(found, progress)
    lines = advised.lines(explained)
    results = explained
    try:
        results = with_replays(
            explained,
            found.failing if session.loadable else (),
            warn,
            target=session.target,
            variant=declaration.name,
            outside=effective(session),
            **asked.told(),
        )
    except KeyboardInterrupt:
        found.interrupted = True
    report = Report(
        session.target,
        results=tuple(with_known(results, pinned, asked.known_failures)),
        accuracy=found.accuracy,
        cases=found.cases,
        promised=found.promised,
        notes=(
            *session.told[session.variant].recognition.remarks,
            *left_out(session.outside),
            *settled,
            *found.notes,
            *_notes(session),
        ),
        seconds=time.monotonic() - began,
        interrupted=found.interrupted,
        incomplete=_incomplete(session, found),
        advice=tuple(lines),
        differs_in=advised.declared if lines else (),
        stopped=found.stopped,
        **told,
    )
    return CheckedVariant(
        report,
        session.variant,
        tuple(results),
        tuple(found.failing),
        tuple(pinned),
        effective(session),
        found.not_offered,
    )


def _told(session: AnySession, asked: Request) -> dict[str, Any]:
    """What a report tells of the variant that is selected, as it is declared by now."""
    declaration, told = session.declaration, session.told[session.variant]
    found = session.adopted.get(session.variant, {})
    origins = origins_of(told, session.outside.declared, found)
    shown = conventions(declaration)
    return {
        **asked.told(),
        "name": declaration.name,
        "version": declaration.version,
        "conventions": shown,
        "origins": {name: str(origins[name]) for name in shown if name in origins},
        "recognised": recognised_lines(told.recognition, origins, declaration),
        "environment": environment(),
        "excluded": _excluded(asked),
        "not_checked": (
            *not_checked(declaration, [n for n, o in origins.items() if o in DECLARED]),
            *(part.replace("-", " ") for part in session.outside.without),
        ),
    }


def effective(session: AnySession) -> Outside:
    """What is declared from outside and was found, as a later run has to know it."""
    adopted = session.adopted.get(session.variant, {})
    return Outside({**session.outside.declared, **adopted}, session.outside.without)


def _incomplete(session: AnySession, found: "CheckedDtypes") -> tuple[str, ...]:
    """What was not identified, and so not tested, with what the user can say of it."""
    left = session.told[session.variant].unidentified(session.outside)
    lines = incomplete_lines(left)
    methods = session.declaration.methods
    evaluates = "infer" in methods or methods == ("layer",)
    ran = [offers for dtype, offers in found.offers.items() if found.cases.get(dtype)]
    if evaluates and ran and not any(("infer", "y") in offers for offers in ran):
        lines += (NO_EVALUATION,)
    return lines


def _entries(target: str, asked: Request) -> "list[Entry]":
    """What the file of known failures says of the target."""
    if asked.known_failures is None:
        return []
    from bnproof.known_failures.file import of_target, read  # noqa: PLC0415  # costs time that not everybody needs
    from bnproof.store.fields import StoreError  # noqa: PLC0415  # the costly part of bnproof

    try:
        return of_target(read(asked.known_failures), asked.known_failures.parent, target)
    except StoreError as error:
        raise UsageError(str(error)) from error


def _asked_for(
    entries: "Sequence[Entry]", declaration: Declaration, asked: Request
) -> "list[Entry]":
    """The entries about dtypes and properties that are not left out of this check."""
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    ids = {property_.id for property_ in chosen(asked.properties, asked.exclude)}
    left_out = {d for d in declaration.dtypes if asked.dtypes and d not in asked.dtypes}
    return [e for e in entries if e.property in ids and e.dtype not in left_out]


def _excluded(asked: Request) -> tuple[str, ...]:
    """The ids of the properties that were excluded."""
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    kept = {property_.id for property_ in chosen(asked.properties, asked.exclude)}
    return tuple(p.id for p in chosen(asked.properties) if p.id not in kept)


def _explained(found: "CheckedDtypes", progress: Progress) -> tuple[list[Result], Advice]:
    """The results with the mistakes that reproduce them, and what to declare for the others."""
    passing = [dtype for dtype in found.cases if dtype not in found.alternatives]
    advised = advice(found.alternatives, passing)
    results = advised.marked(found.results)
    evidence = dict(found.evidence)
    for dtype, each in advised.by_dtype.items():
        evidence[dtype] = list(each.evidence)
    return _with_causes(found, results, evidence, progress), advised


def _with_causes(
    found: "CheckedDtypes",
    results: list[Result],
    evidence: "dict[str, list[Record]]",
    progress: Progress,
) -> list[Result]:
    """The results, with the known mistakes that reproduce the failures that nothing else does."""
    failed = any(r.violations and not r.advised for r in results if r.verdict != "known")
    if found.interrupted or not failed:
        return results
    from bnproof.causes.known_mistakes import with_causes  # noqa: PLC0415  # only after a failure

    try:
        progress(0, 0, "looking for the cause")
        return [
            replace(result, causes=()) if result.advised else result
            for result in with_causes(results, evidence)
        ]
    except KeyboardInterrupt:
        found.interrupted = True
        return results


def _notes(session: AnySession) -> list[str]:
    restarts, skipped = session.restarts, session.skipped
    told = {
        f"the worker was restarted {'once' if restarts == 1 else f'{restarts} times'}": restarts,
        f"{skipped} cases were not tried any more, after too many crashes or time-outs": skipped,
    }
    return [*(text for text, number in told.items() if number), *session.notes]


def check_profile(profile: str) -> None:
    """Raise UsageError for a profile that does not exist."""
    if profile not in PROFILES:
        hint = suggestion(profile, PROFILES)
        raise UsageError(f"no profile {profile!r}{hint}; there are {', '.join(PROFILES)}")


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


def check_properties(patterns: Sequence[str], exclude: Sequence[str] = ()) -> None:
    """Raise UsageError for a pattern that matches no property, or if none is left."""
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # costs time that not everybody needs
    from bnproof.store.replay_file import PROPERTY_IDS  # noqa: PLC0415  # costs time that not everybody needs

    for pattern in (*patterns, *exclude):
        try:
            chosen((pattern,))
        except LookupError as error:
            hint = suggestion(pattern, list(PROPERTY_IDS))
            raise UsageError(f"{error.args[0]}{hint}; see bnproof check --list") from error
    if not chosen(tuple(patterns), tuple(exclude)):
        raise UsageError("--exclude leaves no property to check; see bnproof check --list")
