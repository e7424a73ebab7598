"""Sentences about numbers that are off."""


def times_the_bound(ratio: float) -> str:
    """error/bound in words.

    >>> times_the_bound(3.0)
    'error is 3 times the bound'
    """
    if ratio == float("inf"):
        return "not finite, or off where the bound is 0"
    return f"error is {ratio:.3g} times the bound"


def measured(output: str, ratio: float) -> str:
    """How far an output is off.

    >>> measured("dx of infer", 3.0)
    'dx of infer: error is 3 times the bound'
    """
    return f"{output}: {times_the_bound(ratio)}"
