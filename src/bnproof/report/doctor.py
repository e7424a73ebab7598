"""What ``bnproof doctor`` prints: a block for the target, one per variant, and the conclusion."""

from rich.text import Text

from bnproof.check.examination import Examination, Variant
from bnproof.check.one_target import conventions
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.wording.text import count
from bnproof.recognition.recognised import Origin
from bnproof.report.lines import joined, line, wrapped
from bnproof.report.summary import declared
from bnproof.targets.declarations import text_of

INDENT = " " * 12
ORIGINS = {Origin.IDENTIFIED: "identified", Origin.DECLARED_OUTSIDE: "--declare"}
"""The origins of conventions that have an entry of their own."""


def lines(examination: Examination) -> list[Text]:
    """The lines about one examination."""
    head = [line((examination.target, "bold"))]
    head += _entry("recognised", examination.recognised)
    several = len(examination.variants) > 1
    blocks = [_variant(v, several=several) for v in examination.variants]
    notes = [made for note in examination.notes for made in _entry("note", note)]
    return joined([head, *blocks, notes, _conclusion(examination)])


def _variant(variant: Variant, *, several: bool) -> list[Text]:
    declaration = variant.declaration
    name = f"{declaration.name} {declaration.version}".strip()
    made = _entry("variant" if several else "name", name)
    made += _recognition(variant)
    made += _entry("dtypes", "; ".join(_dtype(dtype, declaration) for dtype in declaration.dtypes))
    made += _entry("declared", declared(conventions(declaration)))
    for call, names in variant.offered.items():
        made += _entry(call, f"gives {', '.join(names) or 'nothing'}")
    made += _entry("not offered", ", ".join(variant.missing))
    total = variant.supported + sum(map(len, variant.unsupported.values()))
    made += _entry("checked", f"{variant.supported} of {count(total, 'property', 'properties')}")
    for reason, ids in variant.unsupported.items():
        made += wrapped(f"not {', '.join(ids)}: {reason}", INDENT + "  ", INDENT)
    for text in variant.notes:
        made += _entry("note", text)
    for text in variant.incomplete:
        made += _entry("incomplete", text)
    if variant.trouble:
        made += [line(("cannot be used", "bold red")), *wrapped(variant.trouble, INDENT, INDENT)]
    return made


def _recognition(variant: Variant) -> list[Text]:
    """The form, the names by role, how each was found, and what was not declared inside."""
    found = variant.recognition
    made = _entry("form", found.form)
    made += _entry("names", ", ".join(f"{role} = {name}" for role, name in found.roles.items()))
    for text in found.evidence:
        made += _entry("found by", text)
    for text in found.remarks:
        made += _entry("remark", text)
    for origin, label in ORIGINS.items():
        names = [name for name, each in variant.origins.items() if each is origin]
        values = (text_of(getattr(variant.declaration, name)) for name in names)
        told = [f"{name} {value}" for name, value in zip(names, values, strict=True)]
        made += _entry(label, ", ".join(told))
    return made


def _dtype(dtype: str, declaration: Declaration) -> str:
    parameters = declaration.parameter_dtype(dtype)
    others = f", parameters {parameters}" if parameters != dtype else ""
    return f"{dtype} ({declaration.accuracy_for(dtype)}{others})"


def _entry(label: str, text: str) -> list[Text]:
    return wrapped(text, INDENT, f"{label:12}") if text else []


def _conclusion(examination: Examination) -> list[Text]:
    if examination.trouble:
        told = [made for part in examination.trouble.splitlines() for made in wrapped(part)]
        return [*told, line((f"{examination.target} cannot be used", "bold red"))]
    if not examination.usable:
        return [line((f"{examination.target} cannot be used", "bold red"))]
    check = f"bnproof check {examination.target}"
    return [line((f"{examination.target} can be checked", "bold green"), f": {check}")]
