"""Hints lead on without giving the formula away, and there is one for everything."""

import re

import pytest

from bnproof.engine.model.result import Cause
from bnproof.grading.causes import FAMILIES as GRADED
from bnproof.grading.forms import FORMS, RAISED
from bnproof.grading.forms import HINTS as FORM_HINTS
from bnproof.grading.grade_hints import UNKNOWN, hint_for
from bnproof.grading.graded_parts import PARTS
from bnproof.grading.result import VERDICTS, PartGrade
from bnproof.mutants.catalogue import BY_ID, MUTANTS
from bnproof.mutants.hints import FAMILIES, HINTS, hint_of

NAMEABLE = [mutant for mutant in MUTANTS if mutant.family in GRADED]
ALL = {*HINTS.values(), *FAMILIES.values(), *FORM_HINTS.values(), UNKNOWN} | {h for _, h in RAISED}

SIGNS = re.compile(r"[=/^_()<>|~·√Σ∂]|\*|\d| \+ | - |sqrt|sum\b|mean\(|\bnp\b")
"""Signs of arithmetic, numbers, and names of functions."""

NAMES = ("bn_param", "float64")
"""Words that have such signs, and are no formulas."""


def formulas(repair: str) -> list[str]:
    """The pieces of a repair that are formulas: with an equals sign, an operator or brackets."""
    pieces = re.split(r"[:;,.] |\.$", repair)
    return [piece for piece in pieces if re.search(r"[=/^()]| \+ | - ", piece)]


@pytest.mark.parametrize("hint", sorted(ALL))
def test_no_hint_has_a_formula(hint: str) -> None:
    """Catches a hint that gives away what the student should find."""
    words = hint
    for name in NAMES:
        words = words.replace(name, "")

    assert not SIGNS.search(words)


@pytest.mark.parametrize("mutant", NAMEABLE, ids=lambda m: m.id)
def test_hint_is_not_the_repair(mutant: object) -> None:
    """Catches a mistake without a hint, and a hint that says what to write."""
    known = BY_ID[mutant.id]  # type: ignore[attr-defined]  # a Mutant
    hint = hint_of(known.id)

    assert hint
    assert known.repair.rstrip(".").lower() not in hint.lower()
    assert not any(formula.lower() in hint.lower() for formula in formulas(known.repair))


def test_formulas_are_found() -> None:
    """Catches a search for formulas that finds none, so that nothing is ever compared."""
    found = formulas(BY_ID["backward/no-variance-term"].repair)

    assert found == ["dx = inv_std (gamma dy - mean(gamma dy) - xhat mean(gamma dy xhat))"]
    assert len([m for m in NAMEABLE if formulas(m.repair)]) > 50


def test_hints_are_of_mistakes_that_there_are() -> None:
    """Catches a hint for an id that was misspelt, which its mistake would never get."""
    assert set(HINTS) <= set(BY_ID)
    assert {m.family for m in NAMEABLE} == set(FAMILIES)
    assert set(FORM_HINTS) == set(FORMS)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_hint_for_every_verdict_that_needs_one(verdict: str) -> None:
    """Catches a student who is left alone with "raises", and one who is right and gets a hint."""
    hint = hint_for(PartGrade(PARTS[0], verdict, "KeyError: 'x' (line 3: x)"))

    assert bool(hint) == (verdict not in ("right", "not-gradable", "not-there"))


def test_both_of_two_mistakes_get_a_hint() -> None:
    """Catches a hint for the first of two mistakes that together give the numbers."""
    causes = tuple(Cause(id_, "", "") for id_ in ("backward/no-gamma", "backward/no-mean-term"))
    together = hint_for(PartGrade(PARTS[4], "wrong", causes=causes, together=True))

    assert "gamma" in together
    assert "three paths" in together
    assert "three paths" not in hint_for(PartGrade(PARTS[4], "wrong", causes=causes))
