"""Every theorem: proved, tried with numbers, held against damaged copies, and read back."""

import re

import pytest
from sympy import S

from bnproof.properties.catalogue import PROPERTIES
from bnproof.spec.contents import CHAPTERS, THEOREMS
from bnproof.spec.damage import damaged
from bnproof.spec.instances import gap
from bnproof.spec.publishing import roundtrip
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.notation import NOTATIONS
from bnproof.spec.refutation import MISTAKES, counterexample
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import eps, gamma, mean, total, x, xhat
from bnproof.spec.terms.theorem import Theorem
from bnproof.spec.titles import titles
from bnproof.spec.verification import ProofError, check


def test_titles_are_those_of_the_contents() -> None:
    """Catches a theorem that the list, which is read without SymPy, misses, renames or moves."""
    assert list(titles().items()) == [(t.id, t.title) for t in THEOREMS.values()]


@pytest.mark.parametrize("theorem", THEOREMS.values(), ids=list(THEOREMS))
def test_theorem_is_checked(theorem: Theorem) -> None:
    """A false theorem, or one whose proof would accept anything."""
    result = check(theorem)

    assert result.claims >= 1
    assert result.instances == 4 * result.claims
    assert result.refused >= result.claims


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("theorem", THEOREMS.values(), ids=list(THEOREMS))
def test_print_says_what_is_proved(theorem: Theorem, notation: str) -> None:
    """A printer that loses a parenthesis lies, though the proof is right."""
    assert roundtrip.misread(theorem, NOTATIONS[notation]) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [(r"\left(", " "), (r"\frac{1}{m}", ""), (" - ", " + "), ("^{2}", "")],
    ids=["parenthesis", "factor", "sign", "power"],
)
def test_a_misprint_is_noticed(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading back could be too lenient to see a wrong print."""

    def misprinted(expression: object, notation: object) -> str:
        text = latex(expression, notation).replace(right, wrong)  # type: ignore[arg-type]
        return text.replace(r"\right)", " ") if right == r"\left(" else text

    monkeypatch.setattr(roundtrip, "latex", misprinted)
    assert roundtrip.misread(THEOREMS["finite-difference-bound"])


def test_ids_are_in_form_and_unique() -> None:
    """An id that occurs twice hides a theorem."""
    ids = [theorem.id for chapter in CHAPTERS for theorem in chapter.theorems]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each) for each in ids)


def test_properties_cite_theorems_and_behaviour_is_tested() -> None:
    """A property without a theorem is an opinion; a theorem without a property is not tested."""
    cited = {item.theorem for item in PROPERTIES}

    assert cited <= set(THEOREMS)
    assert {theorem.id for theorem in THEOREMS.values() if theorem.behaviour} <= cited


def test_a_false_theorem_is_refused() -> None:
    """check has to be able to fail: by proof, by numbers, and by a damaged copy."""
    false = Theorem("false", "", "", lambda: [Claim(mean(lambda i: xhat[i] ** 2), S.One)])
    with pytest.raises(ProofError, match="not proved"):
        check(false)
    circular = Claim(total(lambda i: xhat[i]), S.Zero, given=((total(lambda i: xhat[i]), S.One),))
    assert not circular.holds()


def test_damage_changes_the_right_side() -> None:
    """Copies that are not damaged would be proved, and then count as refused or not at all."""
    claim = Claim(mean(lambda i: x[i] + gamma), mean(lambda i: x[i]) + gamma)
    copies = list(damaged(claim))

    assert len(copies) >= 4
    assert all(copy.right != claim.right and copy.left == claim.left for copy in copies)


def test_instances_see_a_false_claim() -> None:
    """Numbers that always agree would confirm anything."""
    assert gap(Claim(mean(lambda i: x[i]), mean(lambda i: x[i]) + eps), 3, seed=0) != 0


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake_is_refuted(mistake: object) -> None:
    """A mistake that the kernel proves, or that no numbers contradict."""
    assert counterexample(mistake) != 0  # type: ignore[arg-type]


def test_mistakes_have_sources() -> None:
    """A refutation without a source attacks nobody's claim."""
    assert len({mistake.id for mistake in MISTAKES}) == len(MISTAKES) >= 25
    assert all(mistake.source and mistake.title for mistake in MISTAKES)
