"""The cache folder survives whatever happens to a write, and gives nothing else than its own."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bnproof.store import folder as module
from bnproof.store.fields import StoreError
from bnproof.store.folder import ReplayFolder, cache_folder, write_whole
from bnproof.store.replay_file import Replay, dumps, loads
from bnproof.targets.outside import Outside


@pytest.fixture
def folder(tmp_path: Path) -> ReplayFolder:
    """An empty folder."""
    return ReplayFolder(tmp_path / "cache")


def test_saved_and_loaded(folder: ReplayFolder, replay: Replay) -> None:
    """Catches a failure that cannot be found again by its id, or by the beginning of it."""
    (name,) = folder.save([replay])

    assert len(name) == 8
    assert folder.ids() == [name]
    for asked in (name, name[:3]):
        assert dumps(folder.load(asked)) == dumps(replay)


def test_id_follows_from_the_content(replay: Replay) -> None:
    """Catches ids that change from run to run, or that are the same for different cases."""
    assert replay.id() == loads(dumps(replay), "file").id()
    others = (
        replace(replay, target="other.py:BN"),
        replace(replay, property="forward/agreement"),
        replace(replay, dtype="float32"),
        replace(replay, counterexample=replace(replay.counterexample, related=())),
    )
    assert len({replay.id(), *(other.id() for other in others)}) == 5
    assert replay.id() == replace(replay, folder="/elsewhere", seed=9).id()


def test_infinite_ends_of_ranges(replay: Replay) -> None:
    """Catches a declared range without an upper end, which JSON has no number for."""
    ranges = {"eps": (1e-5, float("inf")), "momentum": (0.0, 1.0)}
    open_ended = replace(replay, outside=Outside({"accepts": ranges}))

    again = loads(dumps(open_ended), "file")
    assert again.outside.declared == {"accepts": ranges}
    assert again.id() == open_ended.id() != replay.id()


def test_folder_says_what_it_is(folder: ReplayFolder, replay: Replay) -> None:
    """Catches a cache that is backed up, or put under version control."""
    folder.save([replay])
    cache = folder.place.parent

    tag = (cache / "CACHEDIR.TAG").read_text(encoding="utf-8")
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert "*" in (cache / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches a cache that is anywhere else than it is said to be."""
    monkeypatch.setenv("BNPROOF_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("BNPROOF_CACHE")
    assert cache_folder() == Path(".bnproof")


def test_interrupted_write_leaves_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches half a file after a full disk, a crash or Ctrl-C in the middle of a write."""
    path = tmp_path / "file"
    write_whole(path, "old")
    for raised in (OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()):

        def fails(*_: object, raised: BaseException = raised) -> None:
            raise raised

        for step in ("fsync", "replace"):
            owner = os if step == "fsync" else Path
            with monkeypatch.context() as patched:
                patched.setattr(owner, step, fails)
                with pytest.raises(type(raised)):
                    write_whole(path, "new" * 1000)
            assert path.read_text(encoding="utf-8") == "old"
            assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208  # no temporary file is left


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", "", "*", "a" * 10_000, "\x00", "a/b", "ABC"]
)
def test_ids_that_are_none(folder: ReplayFolder, replay: Replay, name: str) -> None:
    """Catches an id that climbs out of the folder, or an error without what to do."""
    folder.save([replay])
    (folder.place.parent / "secret.json").write_text(dumps(replay), encoding="utf-8")

    with pytest.raises(StoreError, match="no replay") as refusal:
        folder.load(name)
    assert len(str(refusal.value)) < 400


def test_unknown_id_has_a_suggestion(folder: ReplayFolder, replay: Replay) -> None:
    """Catches a slip of the pen that is not helped."""
    with pytest.raises(StoreError, match="bnproof check saves them"):
        folder.load("abc")
    (name,) = folder.save([replay])
    wrong = name[:6] + ("aa" if name[6:] != "aa" else "bb")

    with pytest.raises(StoreError, match=f"did you mean {name}"):
        folder.load(wrong)


def test_damaged_file(
    folder: ReplayFolder, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a truncated file, or one too large to be ours, that ends in a traceback."""
    (name,) = folder.save([replay])
    path = folder.place / f"{name}.json"
    path.write_text(dumps(replay)[:500], encoding="utf-8")
    with pytest.raises(StoreError, match="truncated"):
        folder.load(name)

    monkeypatch.setattr(module, "LARGEST", 2**20)
    os.truncate(path, 2**20 + 1)
    with pytest.raises(StoreError, match="larger than 1 MiB"):
        folder.load(name)

    assert folder.save([replay]) == [name]
    assert dumps(folder.load(name)) == dumps(replay)


def test_oldest_are_forgotten(
    folder: ReplayFolder, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a folder that grows for ever, or forgets what was saved last."""
    monkeypatch.setattr(module, "KEPT", 2)
    names = []
    for number in range(4):
        names += folder.save([replace(replay, target=f"{number}.py:BN")])
        os.utime(folder.place / f"{names[-1]}.json", (number, number))

    assert set(folder.ids()) == set(names[2:])
