"""How many properties of each family hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from bnproof.engine.model.verdict import FAILED
from bnproof.report.lines import LABEL, line
from bnproof.report.target_report import Whole


@dataclass(frozen=True)
class Family:
    """The properties of one family, such as "forward".

    Attributes:
        name: the part of the ids before the slash.
        total: properties of the family in this check.
        holding: properties that hold wherever they were tested.
        known: properties whose failures are all known.
        untested: properties that were tested nowhere.
    """

    name: str
    total: int
    holding: int
    known: int
    untested: int

    @property
    def failing(self) -> int:
        """Properties that fail somewhere."""
        return self.total - self.holding - self.known - self.untested

    @property
    def counts(self) -> str:
        """The counts in words.

        >>> Family("forward", total=24, holding=20, known=0, untested=1).counts
        '20 of 24, 3 fail, 1 not tested'
        """
        parts = [f"{self.holding} of {self.total}"]
        if self.failing:
            parts.append(f"{self.failing} {'fails' if self.failing == 1 else 'fail'}")
        parts += [f"{self.known} known"] if self.known else []
        parts += [f"{self.untested} not tested"] if self.untested else []
        return ", ".join(parts)


def families(whole: Whole) -> Iterator[Family]:
    """The families of a check, in the order of the properties."""
    verdicts: dict[str, set[str]] = {}
    for each in whole.placed:
        verdicts.setdefault(each.result.property, set()).add(each.result.verdict)
    names = dict.fromkeys(property_id.split("/")[0] for property_id in verdicts)
    for name in names:
        own = [found for id_, found in verdicts.items() if id_.split("/")[0] == name]
        bad = sum(bool(found & set(FAILED)) for found in own)
        known = sum("known" in found and not found & set(FAILED) for found in own)
        untested = sum(found == {"unsupported"} for found in own)
        yield Family(name, len(own), len(own) - bad - known - untested, known, untested)


def family_lines(whole: Whole) -> list[Text]:
    """One line per family: "forward      24 of 24"."""
    return [
        line((f"{family.name:{LABEL}}", "bold"), (family.counts, "red" if family.failing else ""))
        for family in families(whole)
    ]
