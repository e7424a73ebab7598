"""Each form from its file to the verdict: right twins conform, wrong twins fail for their cause.

The checks run in workers, as those of users do, and make do with few cases.  Without ``--whole``
every fourth form is checked, others each time that the list of forms grows.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases
from tests.forms.expected import FORMS, RIGHT, WRONG
from tests.forms.form import Form

from bnproof.properties.result import Report, exit_status
from bnproof.run.checking import UsageError, run_check

EVERY = 4
CHECKED = [form for form in FORMS if form.extra != "compile"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All forms with --whole, else every fourth."""
    if "form" in metafunc.fixturenames:
        whole = metafunc.config.getoption("whole")
        chosen = CHECKED if whole else CHECKED[len(CHECKED) % EVERY :: EVERY]
        metafunc.parametrize("form", chosen, ids=[form.file for form in chosen])


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cases of each kind are enough to tell the twins apart."""
    check_few_cases(monkeypatch)


def checked(form: Form, folder: Path) -> list[Report]:
    """The reports on one twin in float64, or in float32 where it has no other, as declared."""
    if form.extra and find_spec(form.extra) is None:
        pytest.skip(f"{form.extra} is not installed")
    target = f"{folder / form.target}"
    try:
        return run_check(target, profile="quick", dtypes=["float64"], declare=form.declare)
    except UsageError:  # it is for float32 alone
        return run_check(target, profile="quick", dtypes=["float32"], declare=form.declare)


def causes(reports: Sequence[Report]) -> set[str]:
    """The ids of all mistakes that are named."""
    return {c.id for report in reports for result in report.results for c in result.causes}


def test_right_twins_conform(form: Form) -> None:
    """Catch a form that is refused, and a right implementation that is rejected."""
    reports = checked(form, RIGHT)
    broken = {r.property for report in reports for r in report.results if r.violations}
    said = [line for report in reports for line in (report.error, *report.incomplete)]
    assert exit_status(reports) == 0, (broken, said)


def test_wrong_twins_fail_for_their_cause(form: Form) -> None:
    """Catch a mistake that passes, and a cause that is another's."""
    reports = checked(form, WRONG)
    said = [line for report in reports for line in (report.error, *report.incomplete)]
    assert exit_status(reports) == 1, said
    named = causes(reports)
    if form.causes:
        assert named & set(form.causes), (named, [report.advice for report in reports])
    else:
        assert not named, named
