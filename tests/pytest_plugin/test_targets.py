"""`pytest --bnproof TARGET` gives a test per property and dtype, with pytest's own outcomes."""

import xml.etree.ElementTree as ET

import pytest
from tests.pytest_plugin.conftest import Project, Run

from bnproof.cli.main import run

JUNIT = "junit.xml"
TARGETS = ("src/mynorm.py:Doubled", "mynorm:Norm", "mynorm:Bare", "nono:BN")


@pytest.fixture(scope="module")
def ran(shared_project: Project) -> Run:
    """One run over a wrong target, a right one in a file, and two that cannot be used."""
    named = [f"--bnproof={target}" for target in TARGETS]
    return shared_project.pytest(*named, "-v", "-rA", f"--junitxml={JUNIT}")


@pytest.fixture(scope="module")
def cases(ran: Run, shared_project: Project) -> dict[tuple[str, str], ET.Element]:
    """The test cases of the JUnit XML by class and name."""
    assert ran.status == 1
    root = ET.parse(shared_project.folder / JUNIT).getroot()  # noqa: S314  # written by this test
    return {(c.get("classname", ""), c.get("name", "")): c for c in root.iter("testcase")}


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("src/mynorm.py:Doubled::inference/agreement[float32]", "FAILED"),
        ("src/mynorm.py:Doubled::inference/affine-in-x[float32]", "PASSED"),
        ("src/mynorm.py:Doubled::backward/agreement[float32]", "SKIPPED"),
        ("mynorm:Norm::inference/agreement[float32]", "PASSED"),
        ("mynorm:Bare::usable", "ERROR"),
        ("nono:BN::usable", "ERROR"),
    ],
)
def test_outcome(ran: Run, test: str, outcome: str) -> None:
    """Catches a verdict that becomes another outcome of pytest than it should."""
    assert ran.outcome(test) == outcome


def test_one_error_says_why_a_target_cannot_be_used(ran: Run) -> None:
    """Catches a traceback of ours, or an error per property, for a user's mistake."""
    assert "ERROR nono:BN::usable - Failed: no module named 'nono'" in ran.out
    assert ran.out.count("mynorm:Bare cannot be used: ") == 2  # in the errors, in the summary
    assert "Traceback" not in ran.out
    assert "2 errors" in ran.out.splitlines()[-1]


def test_summary_says_what_is_wrong_and_how_accurate_it_is(ran: Run) -> None:
    """Catches a summary that names a line of ours in place of what is wrong."""
    said = [
        line for line in ran.out.splitlines() if line.startswith("FAILED src/mynorm.py:Doubled")
    ]
    assert said
    assert all(" - y of infer: error is " in line for line in said)
    assert "src/mynorm.py:Doubled, float32: no class explains it (declared: streaming)" in ran.out


def test_reason_of_what_is_skipped(ran: Run) -> None:
    """Catches a property that is left out and of which nobody is told why."""
    reasons = [line for line in ran.out.splitlines() if line.startswith("SKIPPED [")]
    assert any(line.endswith("src/mynorm.py:Doubled:1: train is not offered") for line in reasons)


def test_failure_is_what_the_terminal_prints(
    ran: Run,
    cases: dict[tuple[str, str], ET.Element],
    shared_project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Catches a text of a failure in pytest or in JUnit XML that is not that of `bnproof check`."""
    wanted = ["--profile", "quick", "--property", "inference/agreement"]
    monkeypatch.chdir(shared_project.folder)
    run(["check", "src/mynorm.py:Doubled", *wanted])
    printed = capsys.readouterr().out
    failure = cases["src.mynorm.py:Doubled", "inference/agreement[float32]"].find("failure")

    assert failure is not None
    assert failure.text is not None
    assert failure.text.startswith("FAIL inference/agreement, float32\n")
    assert "likely cause" in failure.text
    assert failure.text.strip() in printed
    assert failure.text.strip() in ran.out


def test_junit_has_ids_messages_and_verdicts(cases: dict[tuple[str, str], ET.Element]) -> None:
    """Catches XML without the ids, with a message of many lines, or without the verdict."""
    failed = cases["src.mynorm.py:Doubled", "inference/folding[float32]"]
    failure = failed.find("failure")
    skipped = cases["src.mynorm.py:Doubled", "layer/state[float32]"].find("skipped")
    error = cases["nono:BN", "usable"].find("error")
    kept = {p.get("name"): p.get("value") for p in failed.iter("property")}

    assert failure is not None
    assert failure.get("message", "").startswith("y of infer: error is ")
    assert "\n" not in failure.get("message", "")
    assert kept["bnproof.verdict"] == "fail"
    assert kept["bnproof.theorem"] == "folding-linear"
    assert skipped is not None
    assert skipped.get("message") == "layer is not offered"
    assert error is not None
    assert "no module named 'nono'" in error.get("message", "")
    assert ("mynorm:Norm", "forward/bias-invariance[float32]") in cases


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("--bnproof-seed=-1", "'-1' is no whole number from 0 up"),
        ("--bnproof-timeout=nan", "'nan' is no number of seconds"),
        ("--bnproof-memory=much", "'much'"),
        ("--bnproof-known=none.toml", "--bnproof-known: no file none.toml"),
    ],
)
def test_wrong_usage(project: Project, setting: str, said: str) -> None:
    """Catches a misspelt setting that is taken for something else, or told with a traceback."""
    refused = project.pytest("--bnproof=mynorm:Norm", setting)

    assert refused.status == pytest.ExitCode.USAGE_ERROR
    assert said in refused.out
    assert "Traceback" not in refused.out


def test_file_of_known_failures(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches entries of the file that pyproject.toml names that are not used, or misread."""
    known = project.folder / "known.toml"
    project.write("pyproject.toml", '[tool.bnproof]\nknown-failures = "known.toml"')
    target = "src/mynorm.py:Doubled"
    wanted = ["--profile", "quick", "--property", "inference/folding"]
    monkeypatch.chdir(project.folder)
    run(["check", target, *wanted, "--update-known", "--reason", "mynorm#1"])
    ran = project.pytest(f"--bnproof={target}", "-v", "-rx")
    assert ran.outcome(f"{target}::inference/folding[float32]") == "XFAIL"
    assert ran.outcome(f"{target}::inference/agreement[float32]") == "FAILED"
    assert f"XFAIL {target}::inference/folding[float32] - mynorm#1" in ran.out

    known.write_text("schema = 99", encoding="utf-8")
    refused = project.pytest(f"--bnproof={target}", "-v")
    assert refused.outcome(f"{target}::usable") == "ERROR"
    assert "1 error" in refused.out.splitlines()[-1]


def test_files_are_named_from_the_root(project: Project) -> None:
    """Catches ids that depend on the folder that pytest is started in, unknown to --lf."""
    inside = Project(project.folder / "src")
    (project.folder / "src" / "tmp").mkdir()
    listed = inside.pytest("--bnproof=mynorm.py:Norm", "--collect-only", "-q", "-k", "agreement")

    assert "src/mynorm.py:Norm::inference/agreement[float32]" in listed.out.splitlines()
