"""Where a worker process finds what the tests can import."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager


def ahead_of_the_library() -> list[str]:
    """The folders that are searched before the standard library: pytest's and the user's own.

    >>> sysconfig.get_path("stdlib") in ahead_of_the_library()
    False
    """
    library = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    begins = [n for n, place in enumerate(sys.path) if place in library or place.endswith(".zip")]
    return [os.path.abspath(place) for place in sys.path[: min(begins, default=0)]]  # noqa: PTH100  # "" is the current folder


@contextmanager
def path_for_workers() -> Iterator[None]:
    """Let processes started meanwhile find what this one does, as by pytest's ``pythonpath``."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(ahead_of_the_library())
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
