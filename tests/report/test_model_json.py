"""The JSON report is strict JSON, of the shipped schema, and has what the design promises."""

import json
from dataclasses import replace

import jsonschema
import pytest

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.result import Report
from bnproof.engine.model.verdict import VERDICTS
from bnproof.report.model_json import dumps, schema, to_json

PROMISED = {
    "property",
    "dtype",
    "verdict",
    "examples",
    "not_judged",
    "worst_ratio",
    "causes",
    "counterexample",
    "replay",
}


def read(*reports: Report) -> dict[str, object]:
    """What a strict reader makes of the text."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    made: dict[str, object] = json.loads(dumps(reports), parse_constant=refuse)
    return made


def test_schema_is_a_schema() -> None:
    """Catches a schema that accepts everything since it is malformed."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_everything_fits_the_schema(report: Report) -> None:
    """Catches a field that the schema does not know, or an infinity that is not JSON."""
    jsonschema.Draft202012Validator(schema()).validate(read(report))


def test_error_fits_the_schema() -> None:
    """Catches a report on an unusable target that is of another form than all others."""
    made = read(Report("bn.py:BN", error="cannot be used"))
    jsonschema.Draft202012Validator(schema()).validate(made)

    assert made["error"] == "cannot be used"
    assert made["conforms"] is False


def test_variants_fit_the_schema(report: Report) -> None:
    """Catches a second variant that is lost, or that spoils the form."""
    passing = replace(report, results=report.results[:1], promised={})
    made = read(passing, report)
    jsonschema.Draft202012Validator(schema()).validate(made)

    assert (made["variant_conforms"], made["conforms"]) == (True, False)
    assert isinstance(made["variants"], list)
    assert made["variants"][0]["conforms"] is False


def test_schema_refuses_what_is_wrong(report: Report) -> None:
    """Catches a schema that would let a misspelt field or verdict pass."""
    validator = jsonschema.Draft202012Validator(schema())
    made = to_json([report])

    assert not validator.is_valid({**made, "conform": True})
    assert not validator.is_valid({**made, "results": [{**made["results"][0], "verdict": "ok"}]})
    assert not validator.is_valid({k: v for k, v in made.items() if k != "accuracy"})


def test_schema_knows_every_word() -> None:
    """Catches a class, dtype or verdict that was added to the model and not to the schema."""
    definitions = schema()["$defs"]
    result, report = definitions["result"]["properties"], definitions["report"]["properties"]

    assert tuple(definitions["class"]["enum"]) == CLASSES
    assert set(result["dtype"]["enum"]) == set(FORMATS)
    assert set(report["cases"]["propertyNames"]["enum"]) == set(FORMATS)
    assert set(result["verdict"]["enum"]) == set(VERDICTS)


def test_promised_fields(report: Report) -> None:
    """Catches a field of the design that is missing."""
    made = to_json([report])

    assert {"schema", "target", "conforms", "accuracy", "conventions", "results"} <= set(made)
    assert all(set(result) >= PROMISED for result in made["results"])
    assert made["accuracy"] == {"float32": "two-pass", "float64": None}


def test_counterexample_is_the_first_violation(report: Report) -> None:
    """Catches a failure whose counterexample is another one than the terminal shows."""
    result = to_json([report])["results"][4]

    assert result["counterexample"]["output"] == "y"
    assert len(result["counterexample"]["elements"]) == 8
    assert [v["ratio"] for v in result["further_counterexamples"]] == ["inf"]
