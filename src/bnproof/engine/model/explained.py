"""What a known mistake reproduces: an output of a call, or an event."""

from dataclasses import dataclass

from bnproof.engine.model.calls import MODE_OF, Call
from bnproof.engine.model.event import EventKind

CALLS: tuple[Call, ...] = tuple(MODE_OF)


@dataclass(frozen=True)
class Explained:
    """An output of a call, or an event, that a known mistake gives as well.

    Attributes:
        of: the call, or the kind of the event.
        what: the output, or the argument of the event as reports name it.
    """

    of: Call | EventKind
    what: str

    def __str__(self) -> str:
        """The entry of the field ``explains`` of saved reports.

        >>> str(Explained("train late", "dx")), str(Explained(EventKind.CHANGED_INPUT, "x"))
        ('train late dx', 'changed-input x')
        """
        return f"{self.of} {self.what}"


def explained_in(entry: str) -> Explained | None:
    """What an entry of a saved report names, None if nothing that there is.

    >>> explained_in("train late dx"), explained_in("nothing x")
    (Explained(of='train late', what='dx'), None)
    """
    longest_first = sorted((*CALLS, *EventKind), key=len, reverse=True)
    found = next((each for each in longest_first if entry.startswith(f"{each} ")), None)
    return None if found is None else Explained(found, entry.removeprefix(f"{found} "))
