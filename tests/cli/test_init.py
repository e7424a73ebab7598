"""`bnproof init` writes adapters that run at once, are right, and replace nothing unasked."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from bnproof.check.one_target import run_check
from bnproof.cli.main import run
from bnproof.skeletons.templates import SKELETONS
from bnproof.store.replay_file import PROPERTY_IDS

DTYPES = {"numpy": "float32", "torch": "float32", "program": "float64"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(kind: str) -> str:
    """The target of a new adapter."""
    assert run(["init", "mine.py", "--kind", kind]) == 0
    return f"mine.py:{SKELETONS[kind].attribute}"


def need(kind: str) -> None:
    """Skip if what an adapter imports is not there."""
    needed = SKELETONS[kind].needs
    if needed and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")


@pytest.mark.parametrize("kind", list(SKELETONS))
def test_doctor_recognises_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a skeleton that cannot be loaded, or next steps that do not work."""
    need(kind)
    target = written(kind)
    printed = capsys.readouterr().out

    assert run(["doctor", target]) == 0
    assert f"  bnproof doctor {target}\n" in printed
    said = capsys.readouterr().out
    assert f"{target} can be checked" in said
    assert "note " not in said


@pytest.mark.parametrize("kind", list(DTYPES))
def test_it_conforms(kind: str) -> None:
    """Catches a skeleton that starts its user with somebody else's mistake."""
    need(kind)
    (report,) = run_check(written(kind), profile="quick", dtypes=[DTYPES[kind]])

    assert {r.property: r.violations for r in report.results if r.violations} == {}
    assert report.conforms
    judged = {result.property for result in report.results if result.verdict == "pass"}
    own = [name for name in PROPERTY_IDS if not name.startswith("module/")]
    assert len(judged) > 0.8 * len(own)


@pytest.mark.parametrize("kind", list(SKELETONS))
def test_places_to_fill_in_are_marked(kind: str) -> None:
    """Catches a skeleton that does not say where one's own code goes, or holds a leftover."""
    written(kind)
    text = Path("mine.py").read_text(encoding="utf-8")

    assert "YOUR " in text
    assert "$" not in text
    assert f"bnproof check mine.py:{SKELETONS[kind].attribute}" in text


@pytest.mark.parametrize("there", ["mine.py", "mine_program.py"])
def test_nothing_is_replaced(there: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches work that is lost, or a half of two files that is written."""
    Path(there).write_text("work of days", encoding="utf-8")

    assert run(["init", "mine.py", "--kind", "program"]) == 2
    assert f"{there} is there already; --force replaces it" in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == [there]
    assert Path(there).read_text(encoding="utf-8") == "work of days"

    assert run(["init", "mine.py", "--kind", "program", "--force"]) == 0
    assert "work of days" not in Path(there).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("mine.txt", "is not a name for a Python module; write it as my_bn.py"),
        ("my-bn.py", "is not a name for a Python module"),
        ("numpy.py", "would hide the module numpy"),
        ("random.py", "would hide the module random"),
        ("no/such/mine.py", "there is no folder no/such"),
        ("folder.py", "is a folder"),
    ],
)
def test_names(file: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a file that cannot be a target, or that breaks the imports of its own adapter."""
    Path("folder.py").mkdir()

    assert run(["init", file]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
