"""Compilers get time, hangs do not get it twice."""

from bnproof.engine.model.event import EarlyEnd
from bnproof.sandbox.time_limits import CallLimits


def test_first_call_of_a_kind_may_compile() -> None:
    """Catches a limit that a compiler of two minutes breaks."""
    limits = CallLimits(30)
    limits.returned(["train"])

    assert [limits.limit("train"), limits.limit("infer")] == [30, 150]
    assert limits.limit("infer", repeated=True) == 30


def test_first_calls_need_not_compile() -> None:
    """Catches a loop without end that is waited for five times, where nothing compiles."""
    assert CallLimits(30, 1.0).limit("train") == 30


def test_new_worker_compiles_again() -> None:
    """Catches a right target that times out because another call crashed before."""
    limits = CallLimits(30)
    limits.returned(["train"])
    limits.restarted()

    assert limits.limit("train") == 150


def test_hang_is_not_waited_for_twice() -> None:
    """Catches minutes of waiting for each case of a target that hangs in a kind of call."""
    limits = CallLimits(30)
    limits.hung("train")
    limits.restarted()

    assert limits.limit("train") == 30
    assert limits.limit("infer") == 150


def test_failures_now_and_then() -> None:
    """Catches a target that fails at every other case and is tried for ever."""
    limits = CallLimits(30)
    tried = 0
    while limits.given_up("float32") is None:
        limits.failed("float32", EarlyEnd("crashed", "train", ended="killed"))
        limits.answered("float32")
        tried += 1

    assert tried == 40
