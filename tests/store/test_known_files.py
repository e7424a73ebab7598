"""Entries of known failures are written without touching anything else."""

from datetime import date
from pathlib import Path

import pytest

from bnproof.engine.judging.counterexample import Failing
from bnproof.known_failures.edits import Why, update
from bnproof.known_failures.file import of_target, read
from bnproof.store.fields import StoreError
from bnproof.store.replay_file import Replay

WHY = Why("waits for a release", "http://x/2", date(2999, 12, 31))


@pytest.fixture
def failing(replay: Replay) -> Failing:
    """A failure to write down."""
    found = replay.counterexample
    return Failing(replay.property, replay.dtype, "dgamma", "fail", found, (found.name, "c", "b"))


def test_read_as_written(tmp_path: Path, failing: Failing) -> None:
    """Catches an entry that says something else when it is read."""
    path = tmp_path / "known.toml"
    update(path, "torch.nn:BatchNorm2d", [("a variant", failing)], [], WHY)
    (entry,) = read(path)

    assert (entry.property, entry.dtype, entry.output) == (
        "backward/agreement",
        "float64",
        "dgamma",
    )
    assert (entry.target, entry.variant) == ("torch.nn:BatchNorm2d", "a variant")
    assert entry.explanation == "waits for a release (http://x/2, until 2999-12-31)"
    assert entry.cases == ("b", "c")
    assert entry.seen_on == {"a case, with a comma", "b", "c"}


def test_all_else_stays(tmp_path: Path, known_text: str, failing: Failing) -> None:
    """Catches comments and entries of others that are lost or written anew."""
    path = tmp_path / "known.toml"
    before = known_text.replace("[[known]]", "# by hand\n[[known]] # indeed").replace(
        'reason = "a reason"', "reason   =   'a reason'"
    )
    path.write_text(before, encoding="utf-8")
    update(path, "bn.py:BN", [("", failing), ("", failing)], [], WHY)

    assert path.read_text(encoding="utf-8").startswith(before)
    assert [entry.reason for entry in read(path)] == ["a reason"] + 2 * ["waits for a release"]

    first, second, _ = read(path)
    update(path, "bn.py:BN", [], [first, second], WHY)
    assert [entry.reason for entry in read(path)] == ["waits for a release"]
    assert path.read_text(encoding="utf-8").startswith("# Failures that are known")


def test_last_one_leaves(tmp_path: Path, failing: Failing) -> None:
    """Catches a file that cannot be read once nothing is left in it."""
    path = tmp_path / "known.toml"
    update(path, "bn.py:BN", [("", failing)], [], WHY)
    update(path, "bn.py:BN", [], read(path), WHY)

    assert read(path) == []


def test_wrong_file_is_left_alone(tmp_path: Path, failing: Failing) -> None:
    """Catches a file that is overwritten although it is something else."""
    path = tmp_path / "known.toml"
    path.write_text("[project]\nname = 'mine'\n", encoding="utf-8")

    with pytest.raises(StoreError):
        update(path, "bn.py:BN", [("", failing)], [], WHY)
    assert path.read_text(encoding="utf-8") == "[project]\nname = 'mine'\n"


def test_targets_are_found_from_anywhere(
    tmp_path: Path, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an entry that holds only in the folder in which it was written."""
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    path = tmp_path / "known.toml"
    update(path, "bn.py:BN", [("", failing)], [], WHY)
    entries = read(path)

    assert entries[0].target == "src/bn.py:BN"
    assert of_target(entries, tmp_path, "bn.py:BN") == entries
    assert of_target(entries, tmp_path, str(tmp_path / "src" / "bn.py") + ":BN") == entries
    assert of_target(entries, tmp_path, "bn.py:Other") == []
    monkeypatch.chdir(tmp_path)
    assert of_target(entries, Path(), "src/bn.py:BN") == entries
