"""The search for causes: which mistakes are run, on which records, and how far."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bnproof.causes import alternatives, reproduction
from bnproof.causes.agreement import ObservedOutput
from bnproof.causes.known_mistakes import causes, with_causes
from bnproof.causes.reproduction import Symptoms
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.executor import Executor
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Plan
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.result import Result, Violation
from bnproof.engine.portfolio.builder import Builder
from bnproof.mutants.call import Call
from bnproof.mutants.catalogue import MUTANTS, mutant_of
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Gradients, Parts
from bnproof.properties.catalogue import PROPERTIES

SIZES = (4, 9)
DTYPES = ("float32", "float64", "bfloat16")


def records_of(
    target: Any,
    dtype: str = "float64",
    *,
    sizes: Sequence[int] = SIZES,
    calls: Plan = "short",
    declaration: Declaration | None = None,
) -> list[Record]:
    """Records of a target on ordinary data, with so many values per channel."""
    declared = declaration or Declaration(dtypes=DTYPES)
    build, judge = Builder(declared, dtype), Judge(declared, dtype)
    executor = Executor(target, declared)
    cases = [
        build.case(f"{n} values", FORMATS[dtype].round(build.normal(n, 3)), calls=calls)
        for n in sizes
    ]
    return [judge.judge(case, executor.run(case, lambda _: None)) for case in cases]


def named(records: Sequence[Record]) -> list[str]:
    """Ids of the causes of some records."""
    return [cause.id for cause in causes(records)]


def named_by_dtype(evidence: Mapping[str, Sequence[Record]]) -> dict[str, list[str]]:
    """Ids of the causes of a failure in each dtype."""
    violation = Violation("a case", "a", "y", "y is off")
    results = [
        Result("forward/agreement", "", "", dtype, "fail", violations=(violation,))
        for dtype in evidence
    ]
    found = with_causes(results, evidence)
    return {result.dtype: [cause.id for cause in result.causes] for result in found}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the mistakes that were run, once for each record."""
    ran: list[str] = []
    original = reproduction.made

    def made(mutant: Mutant, declaration: Declaration, rank: int) -> Any:
        ran.append(mutant.id)
        return original(mutant, declaration, rank)

    monkeypatch.setattr(reproduction, "made", made)
    return ran


def library_runs(runs: list[str], evidence: Mapping[str, Sequence[Record]]) -> int:
    """How many runs the causes of the failures in some dtypes take."""
    runs.clear()
    named_by_dtype(evidence)
    return len(runs)


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_cause_of_one_dtype_is_tried_first_in_the_next(runs: list[str]) -> None:
    """Every mistake run in every dtype, or causes that only the first dtype gets."""
    target = mutant_of("backward/no-mean-term").make()
    evidence = {dtype: records_of(target, dtype) for dtype in DTYPES}
    once = library_runs(runs, {"float32": evidence["float32"]})
    found = named_by_dtype(evidence)

    assert {tuple(ids) for ids in found.values()} == {("backward/no-mean-term",)}
    assert library_runs(runs, evidence) - once <= 2 * len(SIZES)


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_another_failure_in_the_next_dtype_is_searched_for() -> None:
    """The cause of float32 named in bfloat16, where another mistake was made."""
    evidence = {
        "float32": records_of(mutant_of("backward/no-mean-term").make(), "float32"),
        "bfloat16": records_of(mutant_of("formula/no-beta").make(), "bfloat16"),
    }
    found = named_by_dtype(evidence)

    assert "backward/no-mean-term" in found["float32"]
    assert found["bfloat16"] == named(evidence["bfloat16"])
    assert "formula/no-beta" in found["bfloat16"]


class TwoMistakes(Parts):
    """The mean's part is missing in dx, and dbeta is a mean."""

    def mean_term(self, call: Call, dxhat: Array) -> Array:
        """Nothing."""
        return 0 * super().mean_term(call, dxhat)

    def dbeta(self, call: Call, dy: Array) -> Array:
        """The mean in place of the sum."""
        return super().dbeta(call, dy) / call.m


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_cause_of_one_part_in_the_next_dtype_leads_to_the_full_search() -> None:
    """A second mistake, made in one dtype only, that nobody looks for."""
    evidence = {
        "float32": records_of(mutant_of("backward/no-mean-term").make(), "float32"),
        "float64": records_of(TwoMistakes(), "float64"),
    }
    found = named_by_dtype(evidence)

    assert found["float64"] == named(evidence["float64"])
    assert {"backward/no-mean-term", "parameter-gradients/dbeta-mean"} <= set(found["float64"])


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_dtype_without_a_cause_does_not_hide_the_likely_ones(runs: list[str]) -> None:
    """The full search once more, after a dtype whose failure has no evidence."""
    target = mutant_of("backward/no-mean-term").make()
    evidence = {dtype: records_of(target, dtype) for dtype in DTYPES} | {"float64": []}
    once = library_runs(runs, {"float32": evidence["float32"]})

    assert library_runs(runs, evidence) - once <= len(SIZES)


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_mistakes_that_explain_nothing_of_the_first_record_are_run_once(runs: list[str]) -> None:
    """All mistakes run on all records, where one that explains everything is found."""
    records = records_of(mutant_of("formula/no-beta").make(), sizes=(4, 9, 16, 25))
    others = [mutant for mutant in MUTANTS if mutant.family != "graded"]

    assert "formula/no-beta" in named(records)
    assert len(others) <= len(runs) <= len(others) + 12


class DbetaTooSmall(Parts):
    """dbeta is off by an eighth."""

    def dbeta(self, call: Call, dy: Array) -> Array:
        """Seven eighths."""
        return super().dbeta(call, dy) * 0.875


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_mistake_that_shows_in_a_later_record_only_is_found() -> None:
    """A mistake that needs many values, where the first record has another, unknown one."""
    small = records_of(DbetaTooSmall(), sizes=(4,))
    large = records_of(mutant_of("limits/values-beyond-64").make(), sizes=(80,))

    assert named(small) == []
    assert "limits/values-beyond-64" in named([*small, *large])


class Counted(Parts):
    """y without beta; counts what is called of it."""

    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        COUNTED.append("made")

    def y(self, call: Call) -> Array:
        """Without beta."""
        COUNTED.append("training" if call.training else "inference")
        return np.asarray(super().y(call) - call.beta)

    def gradients(self, call: Call, dy: Array) -> Gradients:
        """As they are."""
        COUNTED.append("backward")
        return super().gradients(call, dy)


COUNTED: list[str] = []


def test_a_run_ends_at_the_first_contradiction() -> None:
    """Backward and inference of a mistake whose y is already another one."""
    COUNTED.clear()
    mistake = replace(mutant_of("formula/no-beta"), make=Counted)
    (record,) = records_of(mutant_of("backward/no-mean-term").make(), sizes=(4,), calls="full")

    assert Symptoms(record).explanation(mistake).contradicted
    assert COUNTED == ["made", "training"]


def test_an_agreeing_mistake_makes_the_calls_of_the_short_plan() -> None:
    """A run that ends early, and so misses what it explains; or one that makes the full plan."""
    COUNTED.clear()
    mistake = replace(mutant_of("formula/no-beta"), make=Counted)
    (record,) = records_of(Counted(), sizes=(4,), calls="full")
    symptoms = Symptoms(record)
    COUNTED.clear()
    told = symptoms.explanation(mistake)

    assert COUNTED == ["made", "training", "backward", "inference", "backward"]
    assert (
        told.explained == symptoms.to_explain == {Explained("train", "y"), Explained("infer", "y")}
    )


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_mistake_that_writes_to_its_arguments_spoils_no_later_run() -> None:
    """Arguments shared by all mistakes, one of which writes over x."""
    (record,) = records_of(mutant_of("backward/no-mean-term").make(), sizes=(4,))
    symptoms = Symptoms(record)
    for wrong in ("aliasing/x-centred-in-place", "aliasing/y-in-x", "aliasing/dx-in-dy"):
        assert symptoms.explanation(mutant_of(wrong)).contradicted
        told = symptoms.explanation(mutant_of("backward/no-mean-term"))
        assert not told.contradicted
        assert told.explained == {Explained("train", "dx")}


def test_findings_tell_right_equal_and_other_results_apart() -> None:
    """A right result that counts as a contradiction, or a finding of another dtype."""
    (record,) = records_of(mutant_of("formula/no-beta").make(), sizes=(4,))
    judged = record.judged["train"]["y"]
    output, right = ObservedOutput(judged), judged.truth[0]

    assert output.is_wrong
    for _ in range(2):
        assert output.finding(judged.got) == "explained"
        assert output.finding(right) == ""
        assert output.finding(right + 1.5) == "contradicted"
        assert output.finding(judged.got[:2]) == "contradicted"
        assert output.finding(np.full_like(judged.got, np.nan)) == "contradicted"
        assert output.finding(judged.got.view(np.int64)) == "contradicted"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Declaration]:
    """Declarations that failing records are judged again under."""
    seen: list[Declaration] = []
    original = alternatives.judged_again

    def judged_again(records: Any, declaration: Declaration, dtype: str) -> Any:
        seen.append(declaration)
        return original(records, declaration, dtype)

    monkeypatch.setattr(alternatives, "judged_again", judged_again)
    return seen


def other_declaration(declaration: Declaration) -> alternatives.Alternative | None:
    """What else to declare for an implementation with the default conventions."""
    records = records_of(Parts(), declaration=declaration, sizes=(4, 9, 16))
    failing = ["running/one-step"]
    return alternatives.alternative(records, declaration, "float64", PROPERTIES, failing)


def test_conventions_whose_output_is_right_are_not_tried(tried: list[Declaration]) -> None:
    """Eight combinations judged where only the running variance is off."""
    found = other_declaration(Declaration(dtypes=("float64",), running_variance="biased"))

    assert found is not None
    assert found.declared == {"running_variance": "unbiased"}
    assert {each.momentum_weighs for each in tried} == {"new"}
    assert {each.normalising_variance for each in tried} == {"biased"}


def test_two_wrong_conventions_are_found_together(tried: list[Declaration]) -> None:
    """A convention left out since another one hides it."""
    declaration = Declaration(dtypes=("float64",), running_variance="biased", momentum_weighs="old")
    found = other_declaration(declaration)

    assert found is not None
    assert found.declared == {"running_variance": "unbiased", "momentum_weighs": "new"}
    assert {each.normalising_variance for each in tried} == {"biased"}


def test_no_convention_is_tried_where_none_shows(tried: list[Declaration]) -> None:
    """Conventions tried for a wrong gradient, which none of them explains."""
    declaration = Declaration(dtypes=("float64",))
    records = records_of(mutant_of("backward/no-mean-term").make(), declaration=declaration)
    found = alternatives.alternative(records, declaration, "float64", PROPERTIES, ["any"])

    assert found is None
    conventions = {(d.momentum_weighs, d.running_variance, d.normalising_variance) for d in tried}
    assert conventions == {("new", "unbiased", "biased")}


def test_a_run_ends_where_nothing_is_left_to_explain() -> None:
    """Inference of a mistake that is right where the target is wrong; or a lost explanation."""
    mistake = replace(mutant_of("formula/no-beta"), make=Counted)
    right = replace(mistake, make=CountedRight)
    (record,) = records_of(Counted(), sizes=(4,))
    symptoms = Symptoms(record)
    COUNTED.clear()
    told = symptoms.explanation(right, if_it_tells=True)

    assert COUNTED == ["made", "training", "backward", "inference"]
    assert (told.explained, told.contradicted) == (frozenset(), False)
    assert symptoms.explanation(mistake, if_it_tells=True) == symptoms.explanation(mistake)


class CountedRight(Counted):
    """Right, and counted."""

    def y(self, call: Call) -> Array:
        """With beta."""
        return np.asarray(super().y(call) + call.beta)
