"""Before a check: conventions that nothing declares, found by probing and adopted."""

from bnproof.check.meter import Progress
from bnproof.recognition.recognised import Origin
from bnproof.sandbox.sessions import AnySession

COMPILES = (
    "the target compiles for each shape, so the check uses few shapes (--declare "
    "compiles_per_shape=true skips the timing, =false uses all shapes)"
)
POLICIES = ("single_value", "empty")
"""What is always found where nothing declares it: how degenerate batches are treated."""


def undeclared(session: AnySession, name: str) -> bool:
    """Whether nothing says what an attribute of the selected variant is."""
    told = session.told[session.variant]
    adopted = session.adopted.get(session.variant, {})
    return told.origin(name, session.outside.declared, adopted) is Origin.DEFAULT


def settle(
    session: AnySession,
    progress: Progress = lambda done, total, text: None,
    *,
    compiles: bool | None = None,
) -> list[str]:
    """Adopt the conventions of the selected variant that nothing declares; notes for the report.

    How an empty batch and one value per channel are treated is always found, and whether each shape
    is compiled unless ``compiles`` says it; other conventions only if the user asks for that.
    """
    notes = _identified(session, progress) if session.outside.identify else []
    return notes + _policies(session) + _compilation(session, compiles)


def _identified(session: AnySession, progress: Progress) -> list[str]:
    from bnproof.conventions.identify.conventions import adoptable  # noqa: PLC0415  # on request
    from bnproof.engine.wording.convention_values import title, value  # noqa: PLC0415  # likewise

    found, contradictions = adoptable(session, session.attributes(), progress)
    session.adopt(found)
    return [
        f"{title(each.convention)}: declared {value(each.convention, each.declared)}, "
        f"but probing found {value(each.convention, each.value)}"
        for each in contradictions
    ]


def _policies(session: AnySession) -> list[str]:
    if not (left := [name for name in POLICIES if undeclared(session, name)]):
        return []
    from bnproof.conventions.identify.policies import policy_of  # noqa: PLC0415  # the costly part
    from bnproof.conventions.identify.probes import Probes  # noqa: PLC0415  # likewise

    notes = []
    for name in left:
        found = policy_of(Probes(session), name)
        if found is not None:
            session.adopt({name: found.value})
            notes += [found.note] if found.note else []
    return notes


def compiles(session: AnySession) -> bool:
    """Whether timing finds that the selected variant compiles for each shape.

    False where that is declared.
    """
    from bnproof.conventions.identify.compilation import compiles_per_shape  # noqa: PLC0415  # likewise

    return undeclared(session, "compiles_per_shape") and compiles_per_shape(session)


def _compilation(session: AnySession, found: bool | None) -> list[str]:
    if found is False or not (found or compiles(session)):
        return []
    session.adopt({"compiles_per_shape": True})
    return [COMPILES]
