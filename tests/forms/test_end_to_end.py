"""Each form from its file to the verdict: right twins conform, wrong twins fail for their cause.

The checks run in workers, as those of users do, and make do with few cases.  Without ``--whole``
every fourth form is checked, others each time that the list of forms grows.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.few_cases import FEW, check_few_cases
from tests.forms.expected import FORMS, RIGHT, WRONG
from tests.forms.form import Form

from bnproof.check.one_target import UsageError, run_check
from bnproof.engine.model.result import Report, exit_status

EVERY = 4
REFUSED = {71: "objects on JAX arrays are refused, with a message that says so"}
CHECKED = [form for form in FORMS if form.extra != "compile"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All forms with --whole, else every fourth."""
    if "form" in metafunc.fixturenames:
        whole = metafunc.config.getoption("whole")
        chosen = CHECKED if whole else CHECKED[len(CHECKED) % EVERY :: EVERY]
        metafunc.parametrize("form", chosen, ids=[form.file for form in chosen])


@pytest.fixture(autouse=True)
def few_cases(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cases of each kind are enough to tell the twins apart; JAX compiles for each size."""
    check_few_cases(monkeypatch, 10 if form.extra == "jax" else FEW)


def checked(form: Form, folder: Path) -> list[Report]:
    """The reports on one twin in float64, or in float32 where it has no other, as declared."""
    if form.extra and find_spec(form.extra) is None:
        pytest.skip(f"{form.extra} is not installed")
    target = f"{folder / form.target}"
    if form.extra != "jax":  # which has float32 alone, and takes long to recognise
        try:
            return run_check(target, profile="quick", dtypes=["float64"], declare=form.declare)
        except UsageError:
            pass  # another one that is for float32 alone
    return run_check(target, profile="quick", dtypes=["float32"], declare=form.declare)


def causes(reports: Sequence[Report]) -> set[str]:
    """The ids of all mistakes that are named."""
    return {c.id for report in reports for result in report.results for c in result.causes}


def test_right_twins_conform(form: Form) -> None:
    """Catch a form that is refused, and a right implementation that is rejected."""
    if form.number in REFUSED:
        pytest.skip(REFUSED[form.number])
    reports = checked(form, RIGHT)
    broken = {r.property for report in reports for r in report.results if r.violations}
    said = [line for report in reports for line in (report.error, *report.incomplete)]
    assert exit_status(reports) == 0, (broken, said)


NOT_SEEN = {
    67: "double backward of functions is not checked, and the report says so",
    71: "objects on JAX arrays are refused",
}
"""Wrong twins that are not rejected, and why; a test fails when one of them is."""

UNNAMED = {
    15: "the mistakes of the library change x in other calls too",
    18: "it shows in the life of a layer alone, which mistakes of the library do not lead",
    19: "likewise",
    36: "instance normalization of torch averages the variance of each example",
    40: "the library's mistake moves the statistics after it has used them",
    43: "on small data it is also a mistake of the library about the channel axis",
}
"""Wrong twins that are rejected without their true cause, and why."""


def test_wrong_twins_fail_for_their_cause(form: Form) -> None:
    """Catch a mistake that passes, and a cause that is another's.

    Where another convention explains every failure, the report says so instead of a cause.
    """
    reports = checked(form, WRONG)
    if form.number in NOT_SEEN:
        assert exit_status(reports) != 1, "it is rejected now: take it off the list"
        pytest.xfail(NOT_SEEN[form.number])
    said = [line for report in reports for line in (report.error, *report.incomplete)]
    assert exit_status(reports) == 1, said
    named = causes(reports)
    if form.number in UNNAMED:
        assert not named & set(form.causes), "the cause is named now: take it off the list"
        pytest.xfail(UNNAMED[form.number])
    if form.causes:
        assert named & set(form.causes) or all(advised(r) for r in reports), named
    else:
        assert not named, named


def advised(report: Report) -> bool:
    """Whether another convention explains every failure."""
    return all(result.advised for result in report.results if result.violations)
