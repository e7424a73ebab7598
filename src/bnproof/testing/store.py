"""What is made once per test run: in one process, or in several that share a folder."""

import pickle
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Store:
    """Values by key, each made by whoever needs it first, while others wait for it.

    ``folder`` is private to the run: the process that began the run made it, for this user only.
    Without a folder, or on a system without fcntl's locks, values are kept in this process.  What
    was raised instead of a value is raised again, so that one fault is not found again and again
    at the price of a whole check.

    >>> store = Store()
    >>> store.once("square", lambda: 3**2), store.once("square", lambda: 4**2)
    (9, 9)
    """

    def __init__(self, folder: Path | None = None) -> None:
        usable = folder is not None and folder.is_dir() and find_spec("fcntl") is not None
        self._folder = folder if usable else None
        self._made: dict[str, Any] = {}
        self._raised: dict[str, Exception] = {}

    def once(self, key: str, make: Callable[[], T]) -> T:
        """The value of a key, which ``make`` gives if nobody has it."""
        if key in self._raised:
            raise self._raised[key]
        if key not in self._made:
            try:
                self._made[key] = self._shared(key, make) if self._folder else make()
            except Exception as error:
                self._raised[key] = error
                raise
        value: T = self._made[key]
        return value

    def _shared(self, key: str, make: Callable[[], T]) -> T:
        import fcntl  # noqa: PLC0415  # Windows does not have it

        assert self._folder is not None  # noqa: S101  # asked before
        path = self._folder / sha256(key.encode()).hexdigest()
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel opens it again when its holder dies
            if path.is_file():
                value: T = pickle.loads(path.read_bytes())  # noqa: S301  # written by this run
                return value
            made = make()
            _write(path, pickle.dumps(made))
            return made


def _write(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
