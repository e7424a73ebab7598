"""The checks of one implementation: planned without running any, each run when it is needed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bnproof.check.configuration import ConfigurationError, merged, outside_for
from bnproof.check.one_target import (
    UsageError,
    check_declared,
    check_profile,
    check_properties,
    run_check,
)
from bnproof.engine.model.result import Report, Result
from bnproof.engine.model.verdict import FAILED
from bnproof.known_failures.reasons import UnknownKeyError, check_keys, with_reasons
from bnproof.sandbox.object_session import label
from bnproof.sandbox.session import TIMEOUT
from bnproof.sandbox.sessions import AnySession, open_session
from bnproof.sandbox.support import UnsupportedSystemError
from bnproof.targets.declarations import DeclarationError, outside_of
from bnproof.targets.description import incomplete_lines
from bnproof.targets.outside import Outside
from bnproof.targets.text import TargetError, unusable
from bnproof.testing.paths import path_for_workers
from bnproof.testing.store import Store

KnownFailures = Mapping[str, str] | Path | str | None
"""A file of known failures, or in a test file property ids with reasons."""


@dataclass(frozen=True)
class Planned:
    """One property of one variant of an implementation in one dtype.

    >>> Planned("forward/bias-invariance", "float32").id
    'forward/bias-invariance[float32]'
    """

    property_id: str
    dtype: str
    variant: int = 0

    @property
    def id(self) -> str:
        """The id of the test; a variant after the first is named, as it shares dtypes."""
        variant = f"-variant-{self.variant + 1}" if self.variant else ""
        return f"{self.property_id}[{self.dtype}{variant}]"


@dataclass(frozen=True)
class Plan:
    """What there is to check, as declared.

    Attributes:
        planned: dtype by dtype, so that the check of each is begun as late as possible.
        errors: why the implementation, or a variant of it, cannot be used.
        declared: dtypes of all variants, in order.
        incomplete: what was not identified, and so is not tested.
    """

    planned: tuple[Planned, ...] = ()
    errors: tuple[str, ...] = ()
    declared: tuple[tuple[str, ...], ...] = ()
    incomplete: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What was found out about one of the planned: the result, and the report that it is from."""

    planned: Planned
    result: Result
    report: Report


class Checks:
    """All checks of one implementation; those of one dtype are run together, and once.

    ``implementation`` is an object of the contract, or a target as the command line takes it.
    ``asked`` are profile, seed, timeout and memory, as far as they are asked for; `defaults` serve
    for the others and for the file of known failures, and may be set until the first check is run.
    """

    def __init__(
        self,
        implementation: Any,
        *,
        dtypes: Sequence[str] = (),
        properties: Sequence[str] = (),
        known_failures: KnownFailures = None,
        declare: Iterable[str] | Mapping[str, Any] = (),
        without: Iterable[str] = (),
        identify: bool = False,
        **asked: Any,
    ) -> None:
        self.implementation = implementation
        self.target = implementation if isinstance(implementation, str) else label(implementation)
        self.key = self.target
        self.store = Store()
        self.defaults: dict[str, Any] = {
            "profile": "standard",
            "seed": 0,
            "timeout": TIMEOUT,
            "memory": None,
            "known_failures": None,
            "outside": Outside(),
            "root": None,
        }
        self._asked = {name: value for name, value in asked.items() if value is not None}
        self._dtypes, self._properties = tuple(dtypes), tuple(properties)
        self._outside = _outside_of(declare, without, identify=identify)
        self._known: Mapping[str, str] | None = None
        if isinstance(known_failures, Mapping):
            self._known = _reasons(known_failures)
        elif known_failures is not None:
            self._asked["known_failures"] = Path(known_failures)

    @property
    def settings(self) -> dict[str, Any]:
        """Profile, seed, timeout, memory, the file of known failures, and what is declared."""
        settings = {**self.defaults, **self._asked}
        return settings if self._known is None else {**settings, "known_failures": None}

    @property
    def outside(self) -> Outside:
        """What is declared: here, else on the command line, else in pyproject.toml.

        Raises UsageError for a pyproject.toml that is not of the form.
        """
        given = merged(self.settings["outside"], self._outside)
        try:
            return outside_for(self.target, given, self.settings["root"])
        except ConfigurationError as error:
            raise UsageError(str(error)) from error

    @cached_property
    def plan(self) -> Plan:
        """What there is to check.

        No check is run; the first calls are made, so that what cannot be used at all is said once.
        Raises UsageError for a dtype that is not declared, or a pattern that fits no property.
        """
        return self.store.once(f"{self.key}: plan", self._plan)

    def join(self, store: Store, key: str) -> None:
        """Take part in what several processes share, under a key that is the same in all."""
        if self.store is not store:
            self.store, self.key = store, key

    def verdicts(self) -> Iterator[Verdict]:
        """The verdict on each of the planned, in their order."""
        return (self.verdict(planned) for planned in self.plan.planned)

    def verdict(self, planned: Planned) -> Verdict:
        """The verdict on one of the planned; the check of its dtype is run if it was not.

        Raises TargetError if the implementation cannot be used after all, and UsageError for a
        file of known failures that is not of the form.
        """
        reports = self.store.once(f"{self.key}: {planned.dtype}", lambda: self._run(planned.dtype))
        before = self.plan.declared[: planned.variant]
        report = reports[sum(planned.dtype in dtypes for dtypes in before)]
        if report.error:
            raise TargetError(report.error, loaded=True)
        declared = self.plan.declared[planned.variant]
        found = [r for r in report.results if r.property == planned.property_id]
        result = next(r for r in found if r.dtype == planned.dtype)
        # an entry about a dtype that there is not is nobody's, so it is told with every dtype
        stale = next((r for r in found if r.dtype not in declared), result)
        shown = result if result.verdict in FAILED else stale
        return Verdict(planned, with_reasons(shown, self._known or {}), report)

    def _run(self, dtype: str) -> list[Report]:
        outside = self.outside
        asked = {n: v for n, v in self.settings.items() if n not in ("outside", "root")}
        with path_for_workers():
            reports = run_check(
                self.implementation,
                dtypes=(dtype,),
                properties=self._properties,
                declare=outside.declared,
                without=outside.without,
                identify=outside.identify,
                **asked,
            )
        if any(report.interrupted for report in reports):
            raise KeyboardInterrupt  # what was found until then is no verdict on a test
        return reports

    def _plan(self) -> Plan:
        from bnproof.properties.catalogue import chosen, concerning  # noqa: PLC0415  # costly

        check_profile(self.settings["profile"])
        check_properties(self._properties)
        unreadable = _unreadable(self.settings["known_failures"])
        if unreadable:
            return Plan(errors=(unreadable,))
        asked = chosen(self._properties)
        planned: list[Planned] = []
        errors: list[str] = []
        limits = self.settings["timeout"], self.settings["memory"], self.outside
        try:
            with path_for_workers(), open_session(self.implementation, *limits) as session:
                declared = tuple(variant.dtypes for variant in session.declarations)
                left = [
                    each for told in session.told for each in told.unidentified(session.outside)
                ]
                check_declared(self._dtypes, session.declarations)
                for variant, dtypes in enumerate(declared):
                    error = _first_calls(session, variant)
                    if error:
                        errors.append(str(unusable(self.target, error)))
                        continue
                    wanted = [d for d in dtypes if not self._dtypes or d in self._dtypes]
                    declaration = session.declarations[variant]
                    planned += [
                        Planned(property_.id, d, variant)
                        for d in wanted
                        for property_ in concerning(asked, declaration, d)
                    ]
        except (TargetError, UnsupportedSystemError) as error:
            return Plan(errors=(str(error),))
        incomplete = tuple(dict.fromkeys(incomplete_lines(left)))
        return Plan(tuple(planned), tuple(errors), declared, incomplete)


def _outside_of(
    declare: Iterable[str] | Mapping[str, Any], without: Iterable[str], *, identify: bool
) -> Outside:
    try:
        return outside_of(declare, without, identify=identify)
    except DeclarationError as error:
        raise UsageError(str(error)) from error


def _reasons(known_failures: Mapping[str, str]) -> Mapping[str, str]:
    try:
        check_keys(known_failures)
    except UnknownKeyError as error:
        raise UsageError(str(error)) from error
    return dict(known_failures)


def _unreadable(known_failures: Path | None) -> str:
    """What is wrong with a file of known failures, "" if nothing is."""
    if known_failures is None:
        return ""
    from bnproof.known_failures.file import read  # noqa: PLC0415  # likewise
    from bnproof.store.fields import StoreError  # noqa: PLC0415  # the costly part

    try:
        read(known_failures)
    except StoreError as error:
        return str(error)
    return ""


def _first_calls(session: AnySession, variant: int) -> str:
    """Why a variant cannot be used, "" if it can."""
    session.select(variant)
    try:
        session.try_out()
    except TargetError as error:
        return str(error)
    return ""
