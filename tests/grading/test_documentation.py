"""docs/grading.md is true: what it shows is printed, what it lists is there, its loop runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.grading.expected import EXERCISES

from bnproof.cli.main import run
from bnproof.grading.grade_json import schema
from bnproof.grading.result import VERDICTS

TEXT = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The pieces of code or output in one language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("option", "number"), [("--hints", 0), ("--explain", 1)])
def test_shown_output_is_printed(
    option: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a page that shows what the program no longer prints."""
    run(["grade", str(EXERCISES / "wrong_paths.py"), option])

    assert blocks("text")[number] in capsys.readouterr().out


def test_lists_are_complete() -> None:
    """Catches a verdict or a field that lecturers are not told of."""
    properties = schema()["properties"]
    fields = {*properties, *properties["parts"]["items"]["properties"]}
    unnamed = {name for name in fields if not re.search(rf"`(parts\[\]\.)?{name}`", TEXT)}

    assert unnamed == {"schema", "environment", "seconds"}
    rows = re.findall(r"^\| (`[^|]*`) \| [^|]* \| [a-z ]* \|$", TEXT, re.MULTILINE)
    assert tuple(re.findall(r"`([a-z-]+)`", " ".join(rows))) == VERDICTS


def test_a_class_is_graded(tmp_path: Path) -> None:
    """Catches a loop that stops at the first file that cannot be graded, or a field misspelt."""
    for student, file in {"kim": "right_layernorm_too.py", "lee": "syntax_error.py"}.items():
        folder = tmp_path / "submissions" / student
        folder.mkdir(parents=True)
        shutil.copy(EXERCISES / file, folder / "layers.py")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    source = Path(__file__).parents[2] / "src"
    environment = {**os.environ, "PATH": path}
    if any(Path(entry).resolve() == source for entry in sys.path if entry):
        environment["PYTHONPATH"] = str(source)  # these tests run from the sources
    loop = blocks("sh")[1]
    subprocess.run(["sh", "-c", loop], cwd=tmp_path, env=environment, check=False)  # noqa: S603, S607  # the page's own
    table = subprocess.run(  # noqa: S603  # likewise
        [sys.executable, "-c", blocks("python")[0]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    kim, lee = table.stdout.split("\n", 1)

    assert kim == "kim 7 of 7"
    assert lee.startswith("lee importing layers.py raised SyntaxError")
    assert "7 of 7 parts are right" in (tmp_path / "grades" / "kim.txt").read_text("utf-8")
