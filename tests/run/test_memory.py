"""Sizes of memory are read as users write them, and a limit holds while the target runs only."""

import subprocess
import sys

import pytest

from bnproof.engine.contract.declaration import ContractError
from bnproof.engine.execution.exceptions import raised_event
from bnproof.engine.wording.memory_sizes import size_in_words
from bnproof.recognition.user_calls import UsersError, called
from bnproof.sandbox.memory import SizeError, half_of_the_machine, parse_size, physical


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2G", 2 << 30),
        ("2g", 2 << 30),
        ("2GB", 2 << 30),
        ("2 GiB", 2 << 30),
        ("0.5M", 1 << 19),
        ("100k", 100 << 10),
        (" 4096 ", 4096),
        ("1T", 1 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """Catches a size that is read as another one."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "G", "2 gigs", "-1", "0", "0.0G", "1e9", "2G 3M", "nan", "²G"]
)
def test_no_sizes(text: str) -> None:
    """Catches something that is no size and limits a worker all the same."""
    with pytest.raises(SizeError, match="write it as 512M") as caught:
        parse_size(text)

    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["512M", "2G", "1.5G", "1K", "3T", "7"])
def test_words_are_read_back(text: str) -> None:
    """Catches a message that tells of another limit than the user's."""
    assert size_in_words(parse_size(text)) == text


def test_default_is_of_this_machine() -> None:
    """Catches a default beyond what there is."""
    assert 0 < half_of_the_machine() <= physical() // 2


def test_limit_is_lifted_between_calls() -> None:
    """Catches a worker that runs out of memory by its own work, at the target's limit."""
    text = """
from bnproof.sandbox.memory_limit import Limit
limit = Limit(50 << 20)
with limit.holding():
    try:
        bytearray(100 << 20)
    except MemoryError:
        print("held")
bytearray(100 << 20)
print("lifted")
"""
    done = subprocess.run(  # noqa: S603  # this Python, this package
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["held", "lifted"]


class OutOfMemoryPool:
    """An object of a user's, whose name says nothing of an error."""


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_shortage_behind_an_exception_of_ours(error: BaseException) -> None:
    """Catches a shortage that is not told since an adapter raised for it."""
    with pytest.raises(UsersError) as caught:
        called(_raise, error)

    assert raised_event("train", caught.value).out_of_memory


def test_texts_of_ours_are_no_shortage() -> None:
    """Catches a target that is told of --memory since a name in our own message sounds like it."""
    assert not raised_event("train", ContractError(f"got {OutOfMemoryPool()!r}")).out_of_memory


def _raise(error: BaseException) -> None:
    raise error
