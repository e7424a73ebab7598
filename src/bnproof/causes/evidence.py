"""The failing records that causes are looked for in."""

from collections.abc import Sequence

from bnproof.engine.judging.record import Record
from bnproof.engine.model.tag import Tag

EVIDENCE = 5
SMALL = 2**14
"""Elements; every known mistake is run on the evidence, so that one larger case has to do."""


def evidence(shown: Sequence[Record], records: Sequence[Record]) -> list[Record]:
    """The smallest failing record, then others with another number of values, small ones first.

    With two values, dividing by N - 1 and not dividing at all are the same.  One value per channel
    comes last: what training does with it is a policy, which the known mistakes do not share.  So
    do constant channels, where a mistake is a matter of rounding, and steps of layers, since known
    mistakes repeat a step without the life that it is from.
    What a whole module does beside its calls is none of theirs.
    """
    wrong = [r for r in records if r.worst > 1 and Tag.NONFINITE not in r.case.tags]
    several = [r for r in wrong if r.case.count > 1 and Tag.CONSTANT not in r.case.tags]
    functional = [r for r in several if r.ran is None or r.ran.calls not in ("layer", "module")]
    shown = [r for r in shown if r.case.calls != "module"]
    chosen: list[Record] = []
    for record in sorted(functional or several or wrong or shown, key=lambda r: r.case.x.size):
        if chosen and chosen[-1].case.x.size > SMALL:
            break
        if record.case.count not in {other.case.count for other in chosen}:
            chosen.append(record)
    return chosen[:EVIDENCE]
