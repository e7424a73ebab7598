"""pyproject.toml names the file of known failures, from any folder of the project."""

from pathlib import Path

import pytest

from bnproof.check.configuration import ConfigurationError, known_failures


def test_nearest_pyproject(tmp_path: Path) -> None:
    """Catches a file that is looked for in the current folder instead of beside pyproject.toml."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    text = '[tool.bnproof]\nknown-failures = "known.toml"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    assert known_failures(inside) == tmp_path / "known.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert known_failures(inside) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.bnproof]\nknown_failures = 'a'", "did you mean known-failures"),
        ("[tool.bnproof]\nknown-failures = 3", "is no path"),
        ("[tool]\nbnproof = 3", "is no table"),
        ("[tool", "cannot read"),
    ],
)
def test_wrong_table(tmp_path: Path, text: str, said: str) -> None:
    """Catches a slip in pyproject.toml that silently means no known failures."""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said) as refusal:
        known_failures(tmp_path)
    assert "\n" not in str(refusal.value)
