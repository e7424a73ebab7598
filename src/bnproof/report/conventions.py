"""What was found, in the words of a terminal report, and as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from bnproof.conventions.identify.conventions import Identified
from bnproof.conventions.identify.finding import FOUND, NOT_OFFERED, Finding
from bnproof.conventions.identify.likeness import DEFAULTS, shared
from bnproof.engine.wording.convention_values import title, value
from bnproof.engine.wording.text import clipped
from bnproof.report.lines import joined, line, wrapped

SCHEMA = 1
WIDTHS = (21, 28, 28)


def lines(made: Identified, variant: int = 0) -> list[Text]:
    """The report on one variant, for a terminal."""
    named = f"{made.name} {made.version}".strip()
    head = made.target if named == made.target else f"{made.target}: {named}"
    head += f" (variant {variant})" if variant > 1 else ""
    blocks = [
        [line((head, "bold"))],
        _table(made),
        *(_contradiction(finding) for finding in made.contradictions),
        _remarks(made),
        _unknown(made),
        _libraries(made),
        _adapter(made),
    ]
    return joined(blocks)


def _table(made: Identified) -> list[Text]:
    rows = [f for f in made.findings if f.verdict == FOUND]
    if not rows:
        return [line(("nothing could be found", "bold yellow"))]
    columns = ("convention", "found", "declared")
    head = "".join(f"{text:{width + 2}}" for text, width in zip(columns, WIDTHS, strict=True))
    return [line((head.rstrip(), "bold")), *(row for f in rows for row in _row(f))]


def _row(finding: Finding) -> list[Text]:
    """One row, of as many lines as its longest cell needs."""
    found = value(finding.convention, finding.value)
    style = "bold red" if finding.contradicts else "yellow" if finding.remark else ""
    cells = [
        [title(finding.convention)],
        [t.plain for t in _narrow(found, WIDTHS[1])],
        [t.plain for t in _narrow(_declared(finding), WIDTHS[2])],
    ]
    made = []
    for number in range(max(map(len, cells))):
        texts = [cell[number] if number < len(cell) else "" for cell in cells]
        pads = [f"{text:{width + 2}}" for text, width in zip(texts, WIDTHS, strict=True)]
        row = line(pads[0], (pads[1], style), (pads[2], "dim"))
        row.rstrip()
        made.append(row)
    return made


def _narrow(text: str, width: int) -> list[Text]:
    from textwrap import wrap  # noqa: PLC0415  # lines of another width than the report's

    return [Text(part) for part in wrap(text, width, break_on_hyphens=False)] or [Text("")]


def _declared(finding: Finding) -> str:
    if finding.declared is None:
        return ""
    if not finding.differs:
        return "the same" if finding.explicit else "the same, by default"
    told = value(finding.convention, finding.declared)
    return told if finding.explicit else f"{told}, by default"


def _contradiction(finding: Finding) -> list[Text]:
    """What a user looks for first: what the target says of itself and does not do."""
    told = value(finding.convention, finding.declared)
    text = (
        f"{title(finding.convention)}: declared is {told}, found is "
        f"{value(finding.convention, finding.value)} ({clipped(finding.because, 160)})"
    )
    first, *rest = wrapped(text, "               ", "CONTRADICTION  ")
    first.stylize("bold red", 0, 13)
    return [first, *rest]


def _remarks(made: Identified) -> list[Text]:
    """What batch normalization is not; no attribute can declare it."""
    told = []
    for finding in made.findings:
        if finding.remark:
            text = f"{title(finding.convention)} {finding.value}: {finding.remark}"
            told += wrapped(text, "            ", "unusual     ")
    return told


def _unknown(made: Identified) -> list[Text]:
    """What was not found, and why; what has one reason is told in one line."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for finding in made.findings:
        if finding.verdict != FOUND:
            reason = finding.verdict, clipped(finding.because, 200)
            by_reason.setdefault(reason, []).append(title(finding.convention))
    told: list[Text] = []
    for (verdict, because), names in by_reason.items():
        style = "dim" if verdict == NOT_OFFERED else ""
        rows = wrapped(f"{', '.join(names)}: {because}", " " * 13, f"{verdict:13}")
        told += [line((row.plain, style)) for row in rows]
    return told


def _libraries(made: Identified) -> list[Text]:
    """Libraries that share the rules; where there are none, the most similar one."""
    if not made.libraries:
        return []
    like = shared(made.findings, made.libraries)
    if not like:
        nearest = made.libraries[0]
        differs = ", ".join(title(name) for name in nearest.differ if name not in DEFAULTS)
        text = f"none that is known; nearest is {nearest.library}, but for {differs}"
        return wrapped(text, " " * 13, "libraries    ")
    told = wrapped(", ".join(each.library for each in like), " " * 13, "libraries    ")
    defaults = [n for n in DEFAULTS if any(n in each.agree for each in like)]
    whole = [each.library for each in like if defaults and all(n in each.agree for n in defaults)]
    if whole:
        names = ", ".join(title(name) for name in defaults)
        told += wrapped(f"{', '.join(whole)} also in {names}", " " * 13, " " * 13)
    return told


def _adapter(made: Identified) -> list[Text]:
    if not made.anything:
        return []
    if not made.lines:
        return wrapped("the contract's defaults fit: nothing to declare", "", "")
    return [line(("lines for the adapter", "bold")), *(Text(f"    {each}") for each in made.lines)]


# --- JSON -------------------------------------------------------------------------------------


def dumps(made: Sequence[Identified]) -> str:
    """All variants as JSON: the first, with the others inside, as in the report of check."""
    first, *others = (_as_json(each) for each in made)
    if others:
        first["variants"] = others
    return json.dumps(first, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _as_json(made: Identified) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "target": made.target,
        "name": made.name,
        "version": made.version,
        "conventions": {
            f.convention: {
                "verdict": f.verdict,
                "found": _plain(f.value),
                "because": f.because,
                "remark": f.remark or None,
                "declared": _plain(f.declared),
                "explicit": f.explicit,
                "contradicts": f.contradicts,
            }
            for f in made.findings
        },
        "contradictions": [f.convention for f in made.contradictions],
        "libraries": [each.library for each in shared(made.findings, made.libraries)],
        "lines": made.lines,
        "seconds": round(made.seconds, 3),
    }


def _plain(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {str(key): _plain(each) for key, each in found.items()}
    return list(found) if isinstance(found, tuple) else found
