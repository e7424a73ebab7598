"""How a script of a failure exits: what the script is written with is what its trial looks for."""

from enum import IntEnum


class ScriptExit(IntEnum):
    """Exit statuses of a script; 1 is Python's own, for an exception that nothing catches."""

    FIXED = 0
    FAILS = 3
