"""Flags under which failures disappear, as a convention or an accuracy class explains them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bnproof.engine.model.names import ACCURACY
from bnproof.engine.model.result import Result
from bnproof.engine.model.verdict import FAILED
from bnproof.engine.wording.differences import advice_line
from bnproof.targets.declarations import flag

if TYPE_CHECKING:
    from bnproof.causes.alternatives import Alternative


@dataclass(frozen=True)
class Advice:
    """What to declare, and what is left then.

    Attributes:
        flags: of the command line.
        by_dtype: the alternatives that were verified with these flags.
    """

    flags: tuple[str, ...] = ()
    by_dtype: "Mapping[str, Alternative]" = field(default_factory=dict)

    def explains(self, result: Result) -> bool:
        """Whether the violations of a result disappear."""
        found = self.by_dtype.get(result.dtype)
        failed = found is not None and result.property in found.failing
        return failed and found is not None and result.property not in found.remaining

    def marked(self, results: Sequence[Result]) -> list[Result]:
        """The results, with those marked that the advice explains."""
        return [
            replace(each, advised=True) if each.verdict in FAILED and self.explains(each) else each
            for each in results
        ]

    @property
    def declared(self) -> tuple[str, ...]:
        """The attributes that the flags declare."""
        return tuple(sorted({name for each in self.by_dtype.values() for name in each.declared}))

    def lines(self, results: Sequence[Result]) -> list[str]:
        """The advice in words; none if it explains nothing."""
        failed = {r.property for r in results if r.verdict in FAILED}
        left = {r.property for r in results if r.verdict in FAILED and not r.advised}
        if not self.flags or not failed - left:
            return []
        return [advice_line(self.flags, self.declared, failed, left)]


def advice(alternatives: "Mapping[str, Alternative | None]", passing: Sequence[str]) -> Advice:
    """What holds in all dtypes that fail; an alternative in some dtypes only is none.

    ``passing`` are the dtypes without failures: other conventions would make them fail.
    """
    found = {dtype: each for dtype, each in alternatives.items() if each is not None}
    conventions = [_conventions(each) for each in found.values()]
    same = len(found) == len(alternatives) and not passing
    if any(conventions) and not (same and all(each == conventions[0] for each in conventions)):
        found = {d: each for d, each in found.items() if not _conventions(each)}
    if not found:
        return Advice()
    first = _conventions(next(iter(found.values())))
    flags = [flag(name, value) for name, value in first.items()]
    return Advice((*flags, *_accuracy(found, passing)), found)


def _conventions(found: "Alternative") -> dict[str, Any]:
    return {name: value for name, value in found.declared.items() if name != ACCURACY}


def _accuracy(found: "Mapping[str, Alternative]", passing: Sequence[str]) -> list[str]:
    """One class for all dtypes, or a table of those that need another one."""
    by_dtype = {d: a.declared[ACCURACY] for d, a in found.items() if ACCURACY in a.declared}
    if not by_dtype:
        return []
    everywhere = len(by_dtype) == len(found) and not passing and len(set(by_dtype.values())) == 1
    return [flag(ACCURACY, next(iter(by_dtype.values())) if everywhere else by_dtype)]
