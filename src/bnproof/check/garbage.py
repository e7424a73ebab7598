"""How often Python looks for garbage while cases are judged."""

import gc

OBJECTS, YOUNG, MIDDLE = 50_000, 20, 100
"""New objects between two looks, and looks of each kind between two of the next."""


def collect_less_often() -> None:
    """Look for garbage in cycles once in 50,000 new objects instead of 700.

    Judging keeps many small objects to the end and leaves hardly a cycle behind: looking at them
    again and again took a tenth of its time, and freed nothing.  For processes of bnproof's own.
    """
    gc.set_threshold(OBJECTS, YOUNG, MIDDLE)
