"""The JSON of a grade is strict, of the shipped schema, and says what was asked for."""

import json
from typing import Any

import jsonschema
import pytest

from bnproof.grading.grade_json import dumps, schema
from bnproof.grading.result import VERDICTS, Grade


def read(grade: Grade, **asked: bool) -> dict[str, Any]:
    """What a strict reader makes of the text."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    made: dict[str, Any] = json.loads(dumps(grade, **asked), parse_constant=refuse)
    jsonschema.Draft202012Validator(schema()).validate(made)
    return made


def dx(made: dict[str, Any]) -> dict[str, Any]:
    """The part that is wrong by a known mistake."""
    (found,) = (part for part in made["parts"] if part["part"] == "backward/dx")
    assert isinstance(found, dict)
    return found


def test_schema_is_a_schema() -> None:
    """Catches a schema that accepts everything since it is malformed."""
    jsonschema.Draft202012Validator.check_schema(schema())
    enumerated = schema()["properties"]["parts"]["items"]["properties"]["verdict"]["enum"]

    assert tuple(enumerated) == VERDICTS


@pytest.mark.parametrize("asked", [{}, {"hints": True}, {"explain": True}])
def test_everything_fits_the_schema(mixed: Grade, asked: dict[str, bool]) -> None:
    """Catches a field that the schema does not know, and counts that do not fit the parts."""
    made = read(mixed, **asked)

    assert (made["right"], made["graded"], len(made["parts"])) == (1, 7, 17)
    assert made["gradable"] is True


def test_error_fits_the_schema() -> None:
    """Catches a file that cannot be graded and whose JSON is of another form."""
    made = read(Grade("student.py", error="no such file"))

    assert (made["gradable"], made["error"], made["parts"]) == (False, "no such file", [])


def test_nothing_is_given_away_unasked(mixed: Grade) -> None:
    """Catches the repair or the derivation in a file that a student gets with hints."""
    plain, hinted, explained = read(mixed), read(mixed, hints=True), read(mixed, explain=True)

    for made in (plain, hinted):
        assert dx(made)["derivation"] is None
        assert [found["repair"] for found in dx(made)["causes"]] == [None, None]
    assert dx(plain)["hint"] is None
    assert "three paths" in dx(hinted)["hint"]
    assert dx(explained)["derivation"]["theorem"] == "backward-steps"
    assert "last term is missing" in dx(explained)["causes"][0]["repair"]
