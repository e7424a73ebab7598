"""A known failure, as far as verdicts depend on it."""

from dataclasses import dataclass

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag


@dataclass(frozen=True)
class Known:
    """One known failure: what the engine takes as `bnproof.engine.judging.accepted.Accepted`.

    A violation is the same failure if it is one of the same output on the pinned case or on one
    of the named cases.  Cases that the search finds have no lasting names: there it is the same
    failure if its case is not simpler than the pinned one.

    Attributes:
        property, dtype: what is violated.
        output: the name of what is wrong, whatever the call.
        cases: names of the pinned case and of the others on which it was seen.
        size, layouts: values of x in the pinned case, and how many arguments are not C-ordered.
        reason: as reports give it.
    """

    property: str
    dtype: str
    output: str
    cases: frozenset[str]
    size: int
    layouts: int
    reason: str

    def covers(self, output: str, case: Case) -> bool:
        """Whether a violation of the property, in this output and case, is this failure."""
        if output != self.output:
            return False
        if Tag.SEARCHED in case.tags:
            return (case.x.size, len(case.layouts)) >= (self.size, self.layouts)
        return case.name in self.cases
