"""``bnproof selftest`` on a few mutants; the whole table is tox -e strength."""

import json
from pathlib import Path

from click.testing import CliRunner

from bnproof.cli.main import cli


def test_table_of_one_mutant(tmp_path: Path) -> None:
    """A table without the mutant, a page that does not open, or a wrong exit status."""
    json_file, html_file = tmp_path / "table.json", tmp_path / "table.html"
    arguments = ["selftest", "--mutant", "eps/outside-the-root", "--workers", "1"]
    arguments += ["--json", str(json_file), "--html", str(html_file)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)

    assert result.return_value == 0
    assert "1 of 1 distinct mistakes rejected" in result.output
    (row,) = json.loads(json_file.read_text(encoding="utf-8"))["mutants"]
    assert "forward/agreement" in row["failed"]
    assert "eps/outside-the-root" in html_file.read_text(encoding="utf-8")


def test_unknown_mutant() -> None:
    """A slip in an id that gives an empty table."""
    result = CliRunner().invoke(cli, ["selftest", "--mutant", "eps/outside"])

    assert result.exit_code == 2
    assert "no mutant is called" in result.output
