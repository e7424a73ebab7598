"""Calls of the user's code: what it raises is told apart from what our own code raises."""

from collections.abc import Callable
from typing import Any


class UsersError(Exception):
    """The user's code raised, or returned what cannot be used.

    Attributes:
        error: the exception.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def called(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a function of the user's returns; raises UsersError with whatever it raises.

    >>> called(len, [1, 2])
    2
    """
    try:
        return function(*arguments, **named)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the user's code may even exit
        raise UsersError(error) from error
