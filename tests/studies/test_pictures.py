"""What a reader gets: pictures in two formats, a page, and a line for each mistake."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.studies.progress import no_progress

from bnproof.cli.main import cli
from bnproof.properties.catalogue import PROPERTIES
from bnproof.properties.network import NETWORK_PROPERTIES
from bnproof.spec.contents import THEOREMS
from bnproof.studies.catalogue import STUDIES
from bnproof.studies.pictures import picture, svg_of

QUICK = ("inputs", "running-averages", "accuracy")
PNG = b"\x89PNG\r\n\x1a\n"


def run(*arguments: str) -> Result:
    """One call of the command line, as from a shell."""
    return CliRunner().invoke(cli, ["study", *arguments])


def test_the_list_has_every_study() -> None:
    """Catch a study that nobody finds."""
    lines = run("--list").output.splitlines()

    assert [line for line in lines if not line.startswith(" ")] == list(STUDIES)


@pytest.mark.parametrize("name", QUICK)
def test_a_study_is_drawn(name: str, tmp_path: Path) -> None:
    """Catch an empty picture, and a terminal that does not say where it is."""
    folder = tmp_path / "new" / "folder"
    result = run(name, "-o", str(folder))

    assert result.exit_code == 0, result.output
    assert (folder / f"{name}.png").read_bytes()[:8] == PNG
    assert len(ET.fromstring((folder / f"{name}.svg").read_text()).findall(".//*")) > 100  # noqa: S314  # our own
    for title in ("claim", "found", "see", "theorem", "files"):
        assert f"\n{title} " in f"\n{result.output}"
    assert STUDIES[name].theorem in result.output


def test_the_same_seed_draws_the_same_picture() -> None:
    """Catch chance, or a date, in a picture."""
    study = STUDIES["running-averages"]
    drawings = [svg_of(picture(study, study.run(seed, no_progress))) for seed in (0, 0, 1)]

    assert drawings[0] == drawings[1]
    assert drawings[0] != drawings[2]


def test_a_page_with_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catch a page without a picture, a sentence, or a number of some study."""
    for name in set(STUDIES) - set(QUICK):
        monkeypatch.delitem(STUDIES, name)
    result = run("--all", "-o", str(tmp_path), "--seed", "7")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")

    assert result.exit_code == 0, result.output
    assert page.count("data:image/svg+xml;base64,") == len(QUICK)
    for name in QUICK:
        assert f'id="{name}"' in page
        assert f"bnproof study {name} --seed 7" in page
        assert STUDIES[name].theorem in page
    assert "http" not in page  # a page of one file


MISTAKES = [
    ([], "due is NAME or --all"),
    (["inputs", "--all"], "due is NAME or --all"),
    (["input"], "'input' is no study, did you mean inputs?"),
    (["inputs", "--seed", "-1"], "--seed"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistakes_are_told_in_a_line(arguments: list[str], message: str) -> None:
    """Catch a traceback, or a study that runs although it was not asked for."""
    result = run(*arguments)

    assert result.exit_code == 2
    assert message in result.output


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Catch a study that computes for a minute and then cannot write."""
    (tmp_path / "file").write_text("")
    result = run("inputs", "-o", str(tmp_path / "file" / "folder"))

    assert result.exit_code == 2
    assert "Not a directory" in result.output


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catch an ImportError's traceback where the extra is not installed."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("inputs")

    assert result.exit_code == 2
    assert "study needs matplotlib: pip install 'bnproof[study]'" in result.output


@pytest.mark.parametrize("name", STUDIES)
def test_studies_cite_what_exists(name: str) -> None:
    """Catch a theorem or a property that was renamed, and a caption that is not one sentence."""
    study = STUDIES[name]
    known = {p.id for p in PROPERTIES} | {p.id for p in NETWORK_PROPERTIES}

    assert study.name == name
    assert study.theorem in THEOREMS
    assert study.properties
    assert set(study.properties) <= known
    assert study.see.endswith(".")
    assert ". " not in study.see
