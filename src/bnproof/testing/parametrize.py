"""One parameter per property and dtype, for test functions of the user's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bnproof.check.one_target import UsageError
from bnproof.engine.model.verdict import Profile
from bnproof.targets.text import TargetError
from bnproof.testing.outcome import conclude
from bnproof.testing.planned_checks import Checks, KnownFailures, Planned, Verdict

if TYPE_CHECKING:
    import pytest


class Check:
    """One property in one dtype: a call passes, fails, skips or xfails the test that it is in.

    Attributes:
        checks: those that it belongs to.
        planned: which of them it is; None where the implementation cannot be used, or not all of
            it was identified.
        error: why it cannot, or what was not identified.
        verdict: what was found, after the call.
    """

    def __init__(
        self, checks: Checks, planned: Planned | None, error: str = "", name: str = "usable"
    ) -> None:
        self.checks, self.planned, self.error, self._name = checks, planned, error, name
        self.verdict: Verdict | None = None

    @property
    def id(self) -> str:
        """For instance forward/bias-invariance[float32]."""
        return self.planned.id if self.planned else self._name

    def __call__(self) -> None:
        """Check, and end the test accordingly."""
        __tracebackhide__ = True
        problem = self._problem()
        if problem:
            import pytest  # noqa: PLC0415  # whoever runs a test has it

            pytest.fail(problem, pytrace=False)
        if self.verdict is not None:
            conclude(self.verdict)

    def _problem(self) -> str:
        """Why there is no verdict, "" if there is one."""
        if self.planned is None:
            return self.error
        try:
            self.verdict = self.checks.verdict(self.planned)
        except (TargetError, UsageError) as error:
            return str(error)
        return ""


def tests_of(checks: Checks) -> list[Check]:
    """The tests of an implementation, and one for each reason why they do not say all of it."""
    plan = checks.plan
    unusable = [Check(checks, None, error) for error in plan.errors]
    if plan.incomplete and not plan.errors:
        unusable.append(Check(checks, None, "\n".join(plan.incomplete), "complete"))
    return unusable + [Check(checks, planned) for planned in plan.planned]


def parametrize_with_properties(
    implementation: Any,
    *,
    known_failures: KnownFailures = None,
    properties: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    profile: Profile | None = None,
    seed: int | None = None,
    timeout: float | None = None,
    memory: int | None = None,
    declare: Iterable[str] | Mapping[str, Any] = (),
    without: Iterable[str] = (),
    identify: bool = False,
) -> "pytest.MarkDecorator":
    """Parametrize a test function with every property in every dtype, as its argument ``check``.

    ``implementation`` is an object or class of the contract, a torch module, a pair of functions,
    or a target as the command line takes it; objects are checked in this process.  The check of a
    dtype is run once, for the first test that needs it.  ``known_failures`` maps ids of
    properties, or ``ID[dtype]``, to reasons: those are expected to fail, and fail the test if
    they do not; or it is the path of a file of known failures.  ``properties`` are patterns of ids.
    Profile, seed, timeout (seconds) and memory (bytes) are those of the command line unless they
    are given here.  ``declare``, ``without`` and ``identify`` are as in `check_implementation`.

    Raises UsageError for an id, a pattern or a dtype that there is not.

    >>> from bnproof.reference import BatchNorm
    >>> mark = parametrize_with_properties(
    ...     BatchNorm(), properties=["running/d*"], dtypes=["float32"]
    ... )
    >>> [parameter.id for parameter in mark.args[1]]
    ['running/dtype[float32]']
    """
    import pytest  # noqa: PLC0415  # whoever writes a test has it

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
    return pytest.mark.parametrize(
        "check", [pytest.param(check, id=check.id) for check in tests_of(checks)]
    )
