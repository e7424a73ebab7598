"""The closed sets of a check: verdicts on a property, and profiles."""

from typing import Literal, get_args

Verdict = Literal["pass", "fail", "unsupported", "known", "crashed", "timed-out"]
"""What a run found out about one property in one dtype; "unsupported" means not tested."""

FailureKind = Literal["fail", "crashed", "timed-out"]
Ending = Literal["crashed", "timed-out"]
"""How a case may end before its last call."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
FAILED: tuple[FailureKind, ...] = get_args(FailureKind)
"""The verdicts that mean a failure."""

Profile = Literal["quick", "standard", "thorough"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
