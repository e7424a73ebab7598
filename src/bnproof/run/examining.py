"""What a target was recognised as and what a check would hold it to, found by its first calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bnproof.properties.contract import METHODS, Declaration
from bnproof.properties.observation import RESULTS, Observation
from bnproof.run.session import TIMEOUT, Session
from bnproof.run.target import TargetError
from bnproof.targets.outside import Outside

CALLS = ("train", "infer")
GRADIENTS = ("backward/", "inference/gradients", "running/untouched-by-backward")


@dataclass(frozen=True)
class Variant:
    """One implementation that a target stands for.

    Attributes:
        declaration: what it declares.
        offered: the results that came back from the first calls, by call.
        missing: methods and results that are not offered.
        supported: the number of properties that it will be held to.
        unsupported: the other properties, by reason.
        trouble: why it cannot be used, "" if it can.
    """

    declaration: Declaration
    offered: dict[str, list[str]]
    missing: list[str]
    supported: int
    unsupported: dict[str, list[str]]
    trouble: str = ""


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
    memory: int | None = None,
    outside: Outside | None = None,
) -> Examination:
    """Load a target in a worker and make the first calls; whatever it does is told.

    Raises TargetError for a target that is not well written.
    """
    try:
        with Session(target, timeout=timeout, memory=memory, outside=outside) as session:
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
    from bnproof.properties.catalogue import PROPERTIES  # noqa: PLC0415  # slower than loading

    trouble = ""
    try:
        session.try_out()
    except TargetError as error:
        trouble = str(error)
    declaration = session.declaration
    observation = session.first[1] if session.first else None
    if observation is None and not trouble:
        trouble = f"the first calls failed: {session.first_failure}"
    offered = _offered(declaration, observation) if observation else {}
    graded = not offered or any("dx" in names or "dgamma" in names for names in offered.values())
    unsupported: dict[str, list[str]] = {}
    for property_ in PROPERTIES:
        reason = property_.unsupported(declaration)
        if not (reason or graded) and property_.id.startswith(GRADIENTS):
            reason = "no gradient is offered"
        if observation and property_.part and property_.part not in observation.offers:
            reason = reason or f"{property_.part} is not offered"
        if reason:
            unsupported.setdefault(reason, []).append(property_.id)
    supported = len(PROPERTIES) - sum(map(len, unsupported.values()))
    missing = list(_missing(declaration, offered))
    return Variant(declaration, offered, missing, supported, unsupported, trouble)


def _offered(declaration: Declaration, observation: Observation) -> dict[str, list[str]]:
    """The results that came back, by call; layers alone are called as if they were functions."""
    calls = CALLS if declaration.methods == ("layer",) else declaration.methods
    return {
        call: [name for name in RESULTS if f"{call} {name}" in observation.offers]
        for call in calls
        if call in CALLS
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
    return name in ("dgamma", "dbeta") and declaration.affine_parameters == "none"
