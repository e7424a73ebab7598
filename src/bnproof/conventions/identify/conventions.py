"""All conventions of one target, found by probing, held against what it declares."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from bnproof.conventions.identify import averages, defaults, degenerate, normalisation, offers
from bnproof.conventions.identify.accuracy import accuracy
from bnproof.conventions.identify.finding import FOUND, NOT_OFFERED, NOT_PROBED, Finding, same
from bnproof.conventions.identify.likeness import Likeness, likenesses
from bnproof.conventions.identify.probes import Prober, Probes
from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.contract.declaration import Declaration

Convention = Callable[[Probes], Finding]

PROBED: tuple[Convention, ...] = (
    averages.momentum_weighs,
    averages.running_variance,
    averages.cumulative,
    normalisation.channel_axis,
    normalisation.normalising_variance,
    normalisation.eps_place,
    normalisation.small_eps,
    normalisation.inference_statistics,
    normalisation.eps_place_in_inference,
    offers.affine_parameters,
    offers.in_place,
    offers.ranks,
    offers.dtypes,
    offers.statistics_dtype,
    defaults.default_momentum,
    defaults.default_eps,
    defaults.initial_statistics,
)
"""One function per convention, in the order in which they are told; accuracy follows."""

RISKY: tuple[Convention, ...] = (degenerate.single_value, degenerate.empty)
"""What may crash or hang a target that is right otherwise, and so comes last."""

CONVENTIONS = (
    *(function.__name__ for function in PROBED),
    "accuracy",
    *(function.__name__ for function in RISKY),
)
DECLARED = tuple(attribute.name for attribute in fields(Declaration))


@dataclass(frozen=True)
class Identified:
    """What was found of one variant of a target.

    Attributes:
        target, name, version: as in a report.
        findings: one per convention, in the order of `CONVENTIONS`.
        libraries: all known libraries, the most similar first.
        seconds: that it took.
    """

    target: str
    name: str
    version: str
    findings: tuple[Finding, ...]
    libraries: tuple[Likeness, ...] = field(default=())
    seconds: float = 0.0

    @property
    def contradictions(self) -> list[Finding]:
        """What is declared otherwise than it was found."""
        return [finding for finding in self.findings if finding.contradicts]

    @property
    def anything(self) -> bool:
        """Whether the formula of training was found, or of inference where that is all there is."""
        of = {finding.convention: finding.verdict for finding in self.findings}
        alone = of["eps_place"] == NOT_OFFERED and of["eps_place_in_inference"] == FOUND
        return of["eps_place"] == FOUND or alone

    @property
    def lines(self) -> list[str]:
        """The lines for the adapter: what was found and is not the contract's default."""
        default = Declaration()
        made = [
            f"{finding.convention} = {finding.value!r}"
            for finding in self.findings
            if finding.verdict == FOUND
            and finding.convention in DECLARED
            and not finding.remark
            and _worth_a_line(finding, getattr(default, finding.convention))
        ]
        return made + self._parameter_dtypes(default)

    def _parameter_dtypes(self, default: Declaration) -> list[str]:
        """The line for statistics of another dtype than the contract expects for that of x."""
        found = next(f for f in self.findings if f.convention == "statistics_dtype").value or {}
        other = {x: kept for x, kept in found.items() if kept != default.parameter_dtype(x)}
        return [f"parameter_dtypes = {other!r}"] if other else []


def identify(
    session: Prober,
    target: str,
    explicit: Sequence[str] = (),
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> Identified:
    """Find the conventions of the selected variant; ``explicit`` are the attributes it has itself.

    Nothing that the target does is an error here: an exception, a crash or a hang is a finding.
    """
    began, probes = time.monotonic(), Probes(session)
    findings = list(_findings(probes, progress))
    held = [_held_against(probes.declared, explicit, finding) for finding in findings]
    return Identified(
        target=target,
        name=probes.declared.name,
        version=probes.declared.version,
        findings=tuple(held),
        libraries=tuple(likenesses(held)),
        seconds=time.monotonic() - began,
    )


ADOPTED = (
    "momentum_weighs",
    "running_variance",
    "cumulative",
    "channel_axis",
    "normalising_variance",
    "affine_parameters",
    "accuracy",
)
"""The conventions that ``--identify`` adopts; how a degenerate batch is treated is found apart."""

SHOWING = (
    *(f for f in PROBED if f.__name__ in ADOPTED),
    normalisation.eps_place,
    normalisation.inference_statistics,
    normalisation.eps_place_in_inference,
)
"""What is probed for them: whether it is batch normalization decides on accuracy."""


def adoptable(
    session: Prober,
    explicit: Sequence[str],
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> tuple[dict[str, Any], list[Finding]]:
    """The conventions of the selected variant that it does not declare, and contradictions.

    ``explicit`` are the declared attributes, which win.  What is not batch normalization is not
    adopted: parameters that are ignored, and a class of accuracy where a formula is wrong.
    """
    probes, findings = Probes(session), list[Finding]()
    for number, function in enumerate(SHOWING):
        progress(number, len(SHOWING) + 1, f"identify {function.__name__.replace('_', ' ')}")
        findings.append(replace(function(probes), convention=function.__name__))
    if "accuracy" not in explicit:
        progress(len(SHOWING), len(SHOWING) + 1, "identify accuracy")
        findings.append(replace(_accuracy(probes, findings), convention="accuracy"))
    held = [_held_against(probes.declared, explicit, finding) for finding in findings]
    found = {
        finding.convention: finding.value
        for finding in held
        if finding.convention in ADOPTED
        and finding.convention in DECLARED
        and finding.convention not in explicit
        and _is_convention(finding)
    }
    if "accuracy" in found:
        found["accuracy"] = _weaker(probes.declared, found["accuracy"])
    return found, [finding for finding in held if finding.contradicts]


def _is_convention(finding: Finding) -> bool:
    """Whether what was found is a convention of batch normalization, and not a mistake."""
    if finding.verdict != FOUND or finding.remark:
        return False
    return finding.convention != "affine_parameters" or finding.value == "optional"


def _weaker(declared: Declaration, found: Any) -> str | dict[str, str]:
    """The weakest class accepted by dtype: what was found, but never stronger than the default."""
    of = found if isinstance(found, dict) else dict.fromkeys(declared.dtypes, found)
    default = declared.accuracy_for
    weaker = {name: max(each, default(name), key=CLASSES.index) for name, each in of.items()}
    return weaker if len(set(weaker.values())) > 1 else next(iter(weaker.values()))


def _worth_a_line(finding: Finding, default: Any) -> bool:
    """Whether check would try less, or something else, without the line."""
    if finding.convention in ("ranks", "dtypes"):
        return set(finding.value) != set(default)
    if finding.convention in ("cumulative", "affine_parameters"):
        return bool(finding.value != default)
    return not _agrees(finding.convention, finding.value, default)


def _findings(probes: Probes, progress: Callable[[int, int, str], None]) -> Iterator[Finding]:
    made: list[Finding] = []
    for number, name in enumerate(CONVENTIONS):
        progress(number, len(CONVENTIONS), name.replace("_", " "))
        function = _BY_NAME.get(name)
        found = _accuracy(probes, made) if function is None else function(probes)
        made.append(replace(found, convention=name))
        yield made[-1]


_BY_NAME = {function.__name__: function for function in (*PROBED, *RISKY)}


def _accuracy(probes: Probes, findings: Sequence[Finding]) -> Finding:
    """Accuracy makes sense only where the rest is batch normalization in the found conventions."""
    if any(finding.remark for finding in findings):
        because = "classes are those of batch normalization, which this is not"
        return Finding("accuracy", NOT_PROBED, because=because)
    known = ("momentum_weighs", "running_variance", "channel_axis")
    unknown = [
        f for f in findings if f.convention in known and f.verdict not in (FOUND, NOT_OFFERED)
    ]
    unknown = [f for f in unknown if f.convention != "channel_axis" or f.verdict != NOT_PROBED]
    if unknown:
        told = unknown[0].convention.replace("_", " ")
        return Finding("accuracy", NOT_PROBED, because=f"{told} is not known")
    values = {f.convention: f.value for f in findings if f.verdict == FOUND}
    adopted_too = ("in_place", "normalising_variance")
    adopted = {name: values[name] for name in (*known, *adopted_too) if name in values}
    adopted["affine_parameters"] = values.get("affine_parameters", "required")
    works = values.get("dtypes", probes.declared.dtypes)
    return accuracy(probes, replace(probes.declared, **adopted, dtypes=tuple(works)))


def _held_against(declared: Declaration, explicit: Sequence[str], finding: Finding) -> Finding:
    """A finding with what is declared of it."""
    name = finding.convention
    if name not in DECLARED or finding.declared is not None:
        return finding
    value = getattr(declared, name)
    if finding.verdict == FOUND and name in explicit and _agrees(name, finding.value, value):
        return replace(finding, declared=finding.value, explicit=True)  # it promises no more
    return replace(finding, declared=value, explicit=name in explicit)


def _agrees(name: str, found: Any, declared: Any) -> bool:
    """Whether a target that is found so keeps what is declared; it may be able to do more."""
    if isinstance(found, dict) and isinstance(declared, dict) and name != "accuracy":
        return all(declared.get(key, value) == value for key, value in found.items())
    return _KEEPS.get(name, same)(found, declared)


def _at_least(found: Any, declared: Any) -> bool:
    """Whether each class found is as strong as the declared one."""
    names = set(found) if isinstance(found, dict) else set()
    names |= set(declared) if isinstance(declared, dict) else set()

    def of(value: Any, dtype: str) -> int:
        one = value.get(dtype, "streaming") if isinstance(value, dict) else value
        return CLASSES.index(one)

    return all(of(found, name) <= of(declared, name) for name in names or {""})


_KEEPS: dict[str, Callable[[Any, Any], bool]] = {
    "ranks": lambda found, declared: set(declared) <= set(found),
    "dtypes": lambda found, declared: set(declared) <= set(found),
    "cumulative": lambda found, declared: bool(found or not declared),
    "affine_parameters": lambda found, declared: found in (declared, "optional"),
    "single_value": lambda found, declared: declared in (found, "undefined"),
    "empty": lambda found, declared: declared in (found, "undefined"),
    "accuracy": _at_least,
}
"""When a declared attribute is kept, where that is not the same value: it may promise less."""
