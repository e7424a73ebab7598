"""What the user's code raised, in one line with the line of the user's file."""

from bnproof.targets.raised import in_words, where


def told(error: BaseException) -> str:
    """An exception and where it came from.

    >>> told(ValueError("eps must be positive"))
    'ValueError: eps must be positive'
    """
    line = where(error)
    return f"{in_words(error)} ({line})" if line else in_words(error)
