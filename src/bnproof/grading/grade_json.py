"""A grade as JSON: schema.json, beside this file, is the exact form."""

import json
from importlib.resources import files
from typing import Any

from bnproof.engine.model.result import Cause
from bnproof.grading.derivation import line_of
from bnproof.grading.grade_hints import hint_for
from bnproof.grading.result import Grade, PartGrade

SCHEMA = 1


def dumps(grade: Grade, *, hints: bool = False, explain: bool = False) -> str:
    """The text of a JSON file; hints, repairs and derivations only where they are asked for."""
    made = {
        "schema": SCHEMA,
        "file": grade.file,
        "gradable": grade.exit_status != 2,
        "error": grade.error or None,
        "right": grade.right,
        "graded": len(grade.graded),
        "parts": [_part(each, hints=hints, explain=explain) for each in grade.parts],
        "notes": list(grade.notes),
        "environment": dict(grade.environment),
        "seconds": round(grade.seconds, 3),
    }
    return json.dumps(made, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of a grade.

    >>> schema()["title"]
    'Grade of bnproof grade'
    """
    text = files("bnproof.grading").joinpath("schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _part(grade: PartGrade, *, hints: bool, explain: bool) -> dict[str, Any]:
    names = ("index", "got", "due", "error", "bound")
    return {
        "part": grade.part.id,
        "function": grade.part.function,
        "title": grade.part.title,
        "verdict": grade.verdict,
        "found": grade.found or None,
        "case": grade.case or None,
        "elements": [dict(zip(names, row, strict=True)) for row in grade.elements],
        "causes": [_cause(cause, explain=explain) for cause in grade.causes],
        "together": grade.together,
        "note": grade.note or None,
        "hint": (hint_for(grade) or None) if hints else None,
        "derivation": _derivation(grade) if explain else None,
    }


def _cause(cause: Cause, *, explain: bool) -> dict[str, Any]:
    repair = cause.repair if explain else None
    issues = list(cause.issues)
    return {"id": cause.id, "mistake": cause.mistake, "repair": repair, "issues": issues}


def _derivation(grade: PartGrade) -> dict[str, str] | None:
    found = line_of(grade)
    if found is None:
        return None
    return {"theorem": found.theorem, "formula": found.formula, "because": found.because}
