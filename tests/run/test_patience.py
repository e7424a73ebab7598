"""Compilers get time, hangs do not get it twice."""

from bnproof.engine.model.event import Failure
from bnproof.sandbox.time_limits import Patience


def test_first_call_of_a_kind_may_compile() -> None:
    """Catches a limit that a compiler of two minutes breaks."""
    patience = Patience(30)

    assert [patience.limit("train"), patience.limit("train"), patience.limit("infer")] == [
        150,
        30,
        150,
    ]


def test_first_calls_need_not_compile() -> None:
    """Catches a loop without end that is waited for five times, where nothing compiles."""
    assert Patience(30, 1.0).limit("train") == 30


def test_new_worker_compiles_again() -> None:
    """Catches a right target that times out because another call crashed before."""
    patience = Patience(30)
    patience.limit("train")
    patience.restarted()

    assert patience.limit("train") == 150


def test_hang_is_not_waited_for_twice() -> None:
    """Catches minutes of waiting for each case of a target that hangs in a kind of call."""
    patience = Patience(30)
    patience.limit("train")
    patience.hung("train")
    patience.restarted()

    assert patience.limit("train") == 30
    assert patience.limit("infer") == 150


def test_failures_now_and_then() -> None:
    """Catches a target that fails at every other case and is tried for ever."""
    patience = Patience(30)
    tried = 0
    while patience.given_up("float32") is None:
        patience.failed("float32", Failure("crashed", "train", ended="killed"))
        patience.answered("float32")
        tried += 1

    assert tried == 40
