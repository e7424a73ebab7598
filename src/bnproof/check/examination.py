"""What a target was recognised as and what a check would hold it to, found by its first calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bnproof.check.adopted_conventions import settle
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.names import ADDED, METHODS, MODES, RESULTS
from bnproof.engine.model.observation import Observation
from bnproof.recognition.recognised import Origin, Recognition
from bnproof.sandbox.session import TIMEOUT, Session
from bnproof.targets.description import incomplete_lines, left_out, origins_of
from bnproof.targets.outside import Outside
from bnproof.targets.text import TargetError


@dataclass(frozen=True)
class Variant:
    """One implementation that a target stands for.

    Attributes:
        declaration: what it declares.
        offered: the results that came back from the first calls, by call.
        missing: methods and results that are not offered.
        supported: the number of properties that a check tests.
        unsupported: the other properties, by reason.
        trouble: why it cannot be used, "" if it can.
        recognition: its form, names by role, and how each was found.
        origins: where each attribute comes from.
        incomplete: what was not identified, with what to declare; a line each.
        notes: what its user should know, a line each.
    """

    declaration: Declaration
    offered: dict[str, list[str]]
    missing: list[str]
    supported: int
    unsupported: dict[str, list[str]]
    trouble: str = ""
    recognition: Recognition = field(default_factory=lambda: Recognition(""))
    origins: Mapping[str, Origin] = field(default_factory=dict)
    incomplete: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """What was found out about a target without checking it.

    Attributes:
        target: as given.
        recognised: its kind and adapter, "" if it could not be loaded.
        variants: the implementations that it stands for.
        notes: what its author should know, a line each.
        trouble: why it cannot be loaded, "" if it can.
    """

    target: str
    recognised: str = ""
    variants: list[Variant] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trouble: str = ""

    @property
    def usable(self) -> bool:
        """Whether ``bnproof check`` can use the target.

        >>> Examination("mine", trouble="no module named 'mine'").usable
        False
        """
        return not self.trouble and not any(variant.trouble for variant in self.variants)


def examine(
    target: str,
    *,
    timeout: float = TIMEOUT,
    outside: Outside | None = None,
) -> Examination:
    """Load a target in a worker and make the first calls; whatever it does is told.

    Raises TargetError for a target that is not well written.
    """
    try:
        with Session(target, timeout=timeout, outside=outside) as session:
            recognised = session.describe()
            notes = dict.fromkeys(session.notes)
            variants = []
            for number in range(len(session.declarations)):
                session.select(number)
                variants.append(_variant(session))
                notes.update(dict.fromkeys(session.notes))
            return Examination(target, recognised, variants, list(notes))
    except TargetError as error:
        return Examination(target, trouble=str(error))


def _variant(session: Session) -> Variant:
    trouble, settled = "", list[str]()
    try:
        session.try_out()
        settled = settle(session) if session.first else []
    except TargetError as error:
        trouble = str(error)
    declaration = session.declaration
    observation = session.first[1] if session.first else None
    if observation is None and not trouble:
        trouble = f"the first calls failed: {session.first_failure}"
    offered = _offered(declaration, observation) if observation else {}
    told, found = session.told[session.variant], session.adopted.get(session.variant, {})
    return Variant(
        declaration,
        offered,
        list(_missing(declaration, offered)),
        *_counts(declaration, observation),
        trouble,
        told.recognition,
        origins_of(told, session.outside.declared, found),
        incomplete_lines(told.unidentified(session.outside)),
        (*left_out(session.outside), *settled),
    )


def _counts(
    declaration: Declaration, observation: Observation | None
) -> tuple[int, dict[str, list[str]]]:
    """How many properties a check tests, and the others by the reason that it gives."""
    from bnproof.properties.catalogue import PROPERTIES  # noqa: PLC0415  # slower than loading

    others: dict[str, list[str]] = {}
    dtypes = declaration.dtypes
    concerned = [p for p in PROPERTIES if any(p.concerns(declaration, d) for d in dtypes)]
    for each in concerned:
        offers = None if observation is None else observation.offers
        reason = (
            each.unsupported(declaration) if offers is None else each.untested(declaration, offers)
        )
        if reason:
            others.setdefault(reason, []).append(each.id)
    return len(concerned) - sum(map(len, others.values())), others


def _offered(declaration: Declaration, observation: Observation) -> dict[str, list[str]]:
    """The results that came back, by call; layers alone are called as if they were functions."""
    calls = MODES if declaration.methods == ("layer",) else declaration.methods
    return {
        call: [name for name in RESULTS if (call, name) in observation.offers]
        for call in calls
        if call in MODES
    }


def _missing(declaration: Declaration, offered: dict[str, list[str]]) -> Iterator[str]:
    for method in METHODS:
        if method not in declaration.methods:
            yield method
    for call, names in offered.items():
        for name in RESULTS:
            if name not in names and not _has_none(declaration, name):
                yield f"{name} of {call}"


def _has_none(declaration: Declaration, name: str) -> bool:
    has: dict[str, bool] = {"dgamma": declaration.has_gamma, "dbeta": declaration.has_beta}
    has |= dict.fromkeys(ADDED, declaration.residual)
    return not has.get(name, True)
