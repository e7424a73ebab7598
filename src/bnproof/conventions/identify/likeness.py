"""Which libraries share the conventions that were found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bnproof.conventions.identify.finding import FOUND, Finding
from bnproof.conventions.identify.normalisation import USUAL
from bnproof.conventions.libraries.entry import Library
from bnproof.conventions.libraries.numbers import decimal
from bnproof.conventions.libraries.table import LIBRARIES


@dataclass(frozen=True)
class Likeness:
    """One library beside what was found.

    Attributes:
        library: its id.
        agree, differ: the conventions in which it does what the target does, and does not;
            what is unknown of either is in neither.
    """

    library: str
    agree: tuple[str, ...]
    differ: tuple[str, ...]


RULES = ("momentum_weighs", "running_variance", "channel_axis")
DEFAULTS = ("default_momentum", "default_eps", "initial_statistics")


def likenesses(findings: Sequence[Finding]) -> list[Likeness]:
    """All libraries, the most similar first; [] where nothing was found that tells them apart.

    Rules, which no setting changes, count before defaults.
    """
    found = {f.convention: f.value for f in findings if f.verdict == FOUND}
    made = [_likeness(library, found) for library in LIBRARIES.values()]
    if "momentum_weighs" not in found and "running_variance" not in found:
        return []
    return sorted(made, key=_distance)


def _likeness(library: Library, found: Mapping[str, Any]) -> Likeness:
    own = _of(library)
    compared = {n: found[n] for n in own if n in found and own[n] is not None}
    usual = {n: found[n] for n in USUAL if n in found}
    agree = [n for n, value in compared.items() if value == own[n]]
    differ = [n for n, value in compared.items() if value != own[n]]
    differ += [n for n, value in usual.items() if value != USUAL[n]]
    return Likeness(library.id, tuple(agree), tuple(differ))


def _of(library: Library) -> dict[str, Any]:
    """A library's conventions in the terms of findings; None where it is not known."""
    variance = decimal(library.initial_variance)
    eps, momentum = decimal(library.eps.default or "-"), decimal(library.momentum.default or "-")
    return {
        "momentum_weighs": library.momentum.weighs or None,
        "running_variance": library.running_variance or None,
        "channel_axis": library.axis.default,
        "default_eps": None if eps is None else float(eps),
        "default_momentum": None if momentum is None else float(momentum),
        "initial_statistics": None
        if variance is None
        else {"running_mean": 0.0, "running_var": float(variance)},
    }


def _distance(likeness: Likeness) -> tuple[int, int, int]:
    rules = sum(name not in DEFAULTS for name in likeness.differ)
    defaults = sum(name in DEFAULTS for name in likeness.differ)
    return rules, defaults, -len(likeness.agree)


def shared(findings: Sequence[Finding], made: Sequence[Likeness]) -> list[Likeness]:
    """Those that are known to agree in every rule that was found, and differ in none."""
    rules = {f.convention for f in findings if f.verdict == FOUND and f.convention in RULES}
    return [each for each in made if rules <= set(each.agree) and _distance(each)[0] == 0]
