"""Known failures: what is pinned is known, and all else is a failure, stale entries too."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases

from bnproof.check.one_target import UsageError, check_target, run_check
from bnproof.check.request import Request
from bnproof.engine.model.result import ENTRY, Report, Result
from bnproof.engine.model.verdict import Profile
from bnproof.known_failures.edits import Why
from bnproof.known_failures.file import read
from bnproof.known_failures.update import Updated, update_known

WRONG = """
import numpy as np
from bnproof.reference import BatchNorm


class BN(BatchNorm):
    dtypes = ("float32", "float64")
    ranks = (2,)
    layer = None

    def train(self, x, *arguments, **settings):
        y, mean, var, backward = super().train(x, *arguments, **settings)

        def wrong(dy):
            dx, dgamma, dbeta = backward(dy)
            if dgamma is not None and len(x) in DGAMMA:
                dgamma = dgamma * x.dtype.type(2)
            if dbeta is not None and len(x) in DBETA:
                dbeta = dbeta + x.dtype.type(1)
            return dx, dgamma, dbeta

        return y, mean, var, wrong


DGAMMA = (3, 16)
DBETA = ()
"""
AGREEMENT = ("backward/agreement",)
WHY = Why("waits for a release", "http://x/1", date(2999, 1, 31))
KNOWN = "waits for a release (http://x/1, until 2999-01-31)"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all tests."""
    check_few_cases(monkeypatch)


class Project:
    """A wrong target and its known failures."""

    def __init__(self, folder: Path) -> None:
        self.path, self.known = folder / "bn.py", folder / "known.toml"
        self.target = f"{self.path}:BN"
        self.path.write_text(WRONG, encoding="utf-8")

    def sizes(self, dgamma: tuple[int, ...], dbeta: tuple[int, ...] = ()) -> None:
        """Batches for which a gradient is wrong."""
        text = re.sub(r"DGAMMA = .*", f"DGAMMA = {dgamma}", WRONG)
        text = re.sub(r"DBETA = .*", f"DBETA = {dbeta}", text)
        self.path.write_text(text, encoding="utf-8")

    def check(self, dtype: str = "float32", profile: Profile = "quick") -> Result:
        """The result on agreement, with the known failures."""
        (report,) = self.report(dtype, profile)
        return report.results[0]

    def report(self, dtype: str = "float32", profile: Profile = "quick") -> list[Report]:
        """The report with the known failures."""
        return run_check(
            self.target,
            profile=profile,
            dtypes=(dtype,),
            properties=AGREEMENT,
            known_failures=self.known,
        )

    def update(self, dtype: str = "float32", profile: Profile = "quick") -> Updated:
        """Write what fails."""
        file = self.known if self.known.exists() else None
        asked = Request(profile, 0, (dtype,), AGREEMENT, known_failures=file)
        return update_known(self.known, self.target, check_target(self.target, asked), WHY)

    def edit(self, change: Callable[[str], str]) -> None:
        """Change the file of known failures."""
        self.known.write_text(change(self.known.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of known failures, as it is written at first."""
    made = Project(tmp_path_factory.mktemp("written"))
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        updated = made.update()
    assert (updated.added, updated.removed, updated.left) == (1, 0, ())
    assert updated.reports[0].results[0].verdict == "known"
    return made.known.read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, written: str) -> Project:
    """A project whose failures are known."""
    made = Project(tmp_path)
    made.known.write_text(written, encoding="utf-8")
    return made


def test_known(project: Project) -> None:
    """Catches a known failure that fails, or whose reason is not told."""
    (report,) = project.report()
    (result,) = report.results

    assert (result.verdict, result.reason) == ("known", KNOWN)
    assert result.violations[0].output == "dgamma"
    assert report.exit_status == 0


def test_without_the_file_it_fails(project: Project) -> None:
    """Catches a known failure that is hidden where nobody asked for it."""
    (report,) = run_check(
        project.target, profile="quick", dtypes=("float32",), properties=AGREEMENT
    )
    assert report.exit_status == 1


def test_fixed_is_an_error(project: Project) -> None:
    """Catches an entry that stays after what it is about was mended."""
    project.sizes(())
    (report,) = project.report()
    (violation,) = report.results[0].violations

    assert (report.results[0].verdict, violation.output) == ("fail", ENTRY)
    assert violation.detail == "fixed: remove this entry from known.toml"
    assert report.exit_status == 1


def test_another_output_is_a_failure(project: Project) -> None:
    """Catches a second mistake in the same property that hides behind the first."""
    project.sizes((3, 16), (3, 16))
    result = project.check()

    assert result.verdict == "fail"
    assert [violation.output for violation in result.violations] == ["dbeta"]
    assert result.violations[0].replay


def test_another_case_is_a_failure(project: Project) -> None:
    """Catches a second mistake in the same output, on cases that were right."""
    project.sizes((3, 16, 8))
    result = project.check()

    assert result.verdict == "fail"
    assert all("float32 8x" in violation.case for violation in result.violations)


def test_the_pinned_example_decides(project: Project) -> None:
    """Catches an entry whose other cases keep it alive although its example passes."""
    (entry,) = read(project.known)
    pinned = len(entry.counterexample.case.x)
    project.sizes(tuple({3, 16} - {pinned}))
    result = project.check()

    assert result.violations[0].detail.startswith("fixed")


def test_other_dtype_is_not_meant(project: Project) -> None:
    """Catches an entry that covers a dtype that it does not name."""
    assert project.check("float64").verdict == "fail"


def test_expired(project: Project) -> None:
    """Catches an entry that is obeyed after its last day, and one that ends a day too early."""
    project.edit(lambda text: text.replace("2999-01-31", "2020-02-29"))
    result = project.check()
    assert result.verdict == "fail"
    assert result.violations[0].detail == (
        "expired on 2020-02-29: renew or remove this entry from known.toml"
    )
    assert result.violations[1].output == "dgamma"

    from bnproof.known_failures.pinned_examples import today  # noqa: PLC0415  # what is patched elsewhere

    project.edit(lambda text: text.replace("2020-02-29", str(today())))
    assert project.check().verdict == "known"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ranks = (2,)", "ranks = (4,)", "does not declare rank 2"),
        ('dtypes = ("float32", "float64")', 'dtypes = ("float64",)', "does not declare float32"),
    ],
)
def test_matches_nothing(project: Project, old: str, new: str, said: str) -> None:
    """Catches an entry about something that the target does not even offer any more."""
    project.path.write_text(WRONG.replace(old, new), encoding="utf-8")
    reports = run_check(
        project.target, profile="quick", properties=AGREEMENT, known_failures=project.known
    )
    details = [v.detail for r in reports[0].results for v in r.violations if v.output == ENTRY]

    assert len(details) == 1
    assert details[0].startswith("matches nothing, as reference")
    assert said in details[0]
    assert reports[0].exit_status == 1


def test_unknown_variant_matches_nothing(project: Project) -> None:
    """Catches an entry for a variant that there is not."""
    project.edit(lambda text: text.replace("dtype =", 'variant = "of another name"\ndtype =', 1))

    assert "no variant 'of another name'" in project.check().violations[0].detail


def test_entries_of_others_are_left_alone(project: Project) -> None:
    """Catches an entry about another target or property that counts as stale here."""
    project.sizes(())
    project.edit(lambda text: text.replace("bn.py:BN", "other.py:BN"))

    assert project.check().verdict == "pass"


def test_example_that_cannot_be_judged(project: Project) -> None:
    """Catches a pinned example out of a strange file that ends in a fault of ours."""
    project.edit(lambda text: text.replace("backward/agreement", "forward/sample-permutation"))
    (report,) = run_check(
        project.target,
        profile="quick",
        dtypes=("float32",),
        properties=("forward/sample-permutation",),
        known_failures=project.known,
    )

    assert "is not judged on its example" in report.results[0].violations[0].detail


def test_search_goes_on_past_what_is_known(tmp_path: Path) -> None:
    """Catches a search that ends at what is known, and sees nothing else from then on."""
    project = Project(tmp_path)
    every = tuple(range(2, 300))
    project.sizes(every)
    project.update(profile="standard")
    (report,) = project.report(profile="standard")
    assert report.results[0].verdict == "known"
    assert report.exit_status == 0
    assert report.cases["float32"] >= report.promised["float32"]

    project.sizes(every, (17, 5, 12, 33))  # none of them in the portfolio here
    (report,) = project.report(profile="standard")
    assert [v.output for v in report.results[0].violations] == ["dbeta"]


def test_update_takes_out_what_is_stale(project: Project) -> None:
    """Catches stale entries that are left, or renewed ones that are there twice."""
    project.edit(lambda text: text.replace("2999-01-31", "2020-02-29"))
    updated = project.update()
    assert (updated.added, updated.removed) == (1, 1)
    assert project.check().verdict == "known"

    project.sizes(())
    updated = project.update()
    assert (updated.added, updated.removed) == (0, 1)
    assert updated.reports[0].results[0].verdict == "pass"
    assert read(project.known) == []
    assert project.check().verdict == "pass"


def test_update_twice_changes_nothing(project: Project) -> None:
    """Catches entries that are written again for what is known."""
    before = project.known.read_bytes()
    updated = project.update()

    assert (updated.added, updated.removed) == (0, 0)
    assert project.known.read_bytes() == before


def test_what_fails_only_in_its_run_is_not_pinned(tmp_path: Path) -> None:
    """Catches an entry whose example passes from the start."""
    project = Project(tmp_path)
    stateful = WRONG.replace("len(x) in DGAMMA", "self.late()").replace(
        "    def train",
        "    calls = 0\n\n    def late(self):\n        BN.calls += 1\n"
        "        return BN.calls > 40\n\n    def train",
    )
    project.path.write_text(stateful, encoding="utf-8")
    updated = project.update()

    assert updated.added == 0
    assert "fails in its run, not alone" in updated.left[0]
    assert updated.reports[0].results[0].verdict == "fail"
    assert not project.known.exists()


def test_wrong_file_is_wrong_usage(project: Project) -> None:
    """Catches a damaged file that means no known failures."""
    project.edit(lambda text: text[:200])
    with pytest.raises(UsageError, match="truncated"):
        project.check()

    project.known.unlink()
    with pytest.raises(UsageError, match="No such file"):
        project.check()
