"""The project's cache folder: replays by id, each written whole or not at all."""

import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bnproof.engine.wording.text import suggestion
from bnproof.store.fields import StoreError
from bnproof.store.replay_file import Replay, dumps, loads

VARIABLE = "BNPROOF_CACHE"
NAME = ".bnproof"
KEPT = 500  # replays; the oldest go first
LARGEST = 2**28  # bytes of a file that are read
ID = re.compile(r"[a-z2-7]{8}")

TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by bnproof.
# For information about cache directory tags, see https://bford.info/cachedir/spec.html
"""
IGNORE = "# Created by bnproof automatically.\n*\n"


def cache_folder() -> Path:
    """``.bnproof`` in the current folder, or what the environment variable BNPROOF_CACHE names."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else Path(NAME)


class ReplayFolder:
    """The replays of a cache folder.

    Reading raises StoreError; writing raises OSError, and leaves no half of a file.

    Attributes:
        place: the folder that they are in.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._cache = cache_folder() if folder is None else folder
        self.place = self._cache / "replays"

    def save(self, replays: Iterable[Replay]) -> list[str]:
        """Write replays, and return their ids."""
        self._prepare()
        ids = []
        for replay in replays:
            ids.append(replay.id())
            self._write(self.place / f"{ids[-1]}.json", dumps(replay))
        self._forget(keep=set(ids))
        return ids

    def load(self, name: str) -> Replay:
        """The replay of an id, or of the beginning of one."""
        ids = self.ids()
        matching = [known for known in ids if known.startswith(name)] if _may_begin(name) else []
        if len(matching) != 1:
            raise StoreError(self._unknown(name, ids, matching))
        path = self.place / f"{matching[0]}.json"
        return loads(read_text(path), str(path))

    def ids(self) -> list[str]:
        """All ids, the latest first."""
        files = [path for path in self.place.glob("*.json") if ID.fullmatch(path.stem)]
        return [path.stem for path in sorted(files, key=_age)]

    def _prepare(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        for name, text in (("CACHEDIR.TAG", TAG), (".gitignore", IGNORE)):
            if not (self._cache / name).exists():
                write_whole(self._cache / name, text)

    def _write(self, path: Path, text: str) -> None:
        """Write what is not there yet; what is there becomes the latest."""
        with suppress(StoreError, OSError):
            if path.exists() and read_text(path) == text:
                os.utime(path)
                return
        write_whole(path, text)

    def _forget(self, keep: set[str]) -> None:
        for name in self.ids()[KEPT:]:
            if name not in keep:
                with suppress(OSError):
                    (self.place / f"{name}.json").unlink()

    def _unknown(self, name: str, ids: list[str], matching: list[str]) -> str:
        if matching:
            return f"{name!r} begins several ids: {', '.join(sorted(matching))}"
        shown = ascii(name) if len(name) <= 40 else f"{name[:37]!a}..."
        if not ids:
            return f"no replay {shown}: {self.place} holds none; bnproof check saves them"
        return f"no replay {shown} in {self.place}{suggestion(name[:40], ids)}; see --list"


def _may_begin(name: str) -> bool:
    """Whether a text can begin an id; a path cannot."""
    return bool(name) and ID.fullmatch(name + "a" * (8 - len(name))) is not None


def _age(path: Path) -> tuple[float, str]:
    try:
        return -path.stat().st_mtime, path.name
    except OSError:  # it was taken away meanwhile
        return 0.0, path.name


def read_text(path: Path) -> str:
    """The text of a file of ours, not larger than one can be; StoreError if that fails."""
    if path.exists() and not path.is_file():
        raise StoreError(f"cannot read {path}: it is no file")
    try:
        with path.open("rb") as stream:
            held = stream.read(LARGEST + 1)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None
    if len(held) > LARGEST:
        raise StoreError(f"{path} is larger than {LARGEST // 2**20} MiB, which none of ours is")
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        raise StoreError(f"{path} is damaged: it is no UTF-8") from None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds the old text or the new one, never a part.

    Raises OSError, and leaves nothing behind then.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix="~")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(_mode(path))
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _mode(path: Path) -> int:
    """The permissions that a file has, or that a new one would get."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
