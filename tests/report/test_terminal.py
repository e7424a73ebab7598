"""A report says first what matters, fits a screen, and gives everything on request."""

import io
from dataclasses import replace

import pytest
from tests.report.conftest import CAUSE, KNOWN, failed, violation

from bnproof.engine.model.event import EventKind
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.result import ENTRY, Accuracy, Report, Result, Violation
from bnproof.report.failures import failures
from bnproof.report.lines import ratio
from bnproof.report.overview import FAILING_LINES, PASSING_LINES
from bnproof.report.terminal import Detail, show, show_all

ORDER = ("conform", "recognised", "declare", "difference in convention", "FAIL ", "holds", "note")
"""How the parts of a report begin, in their order."""


def text_of(*reports: Report, detail: Detail = Detail.OVERVIEW) -> str:
    """What is printed into a file."""
    stream = io.StringIO()
    show(reports, stream, detail=detail)
    return stream.getvalue()


@pytest.fixture
def passing(report: Report) -> Report:
    """A report without failures."""
    return replace(report, results=report.results[:4], promised={}, notes=())


@pytest.fixture
def many(report: Report) -> Report:
    """A report on which everything fails, with several causes and all that can be said beside."""
    causes = [replace(CAUSE, id=f"cause/{n}", explains=()) for n in range(6)]
    results = [
        replace(failed(f"{family}/p{n}", "float32", violation()), causes=(causes[n % 6],))
        for family in ("forward", "backward", "running")
        for n in range(20)
    ]
    lines = tuple(f"a line of {'many ' * 30}words, {n}" for n in range(20))
    return replace(
        report,
        results=tuple(results),
        recognised=lines,
        incomplete=lines,
        advice=lines,
        notes=lines,
    )


@pytest.mark.parametrize("detail", [Detail.OVERVIEW, Detail.FULL])
def test_fits_80_columns(report: Report, detail: Detail) -> None:
    """Catches lines that a terminal of ordinary width breaks anywhere."""
    assert max(len(line) for line in text_of(report, detail=detail).splitlines()) <= 80


def test_no_colours_in_a_file(report: Report) -> None:
    """Catches escape sequences in a file or a pipe."""
    assert "\x1b" not in text_of(report)


@pytest.mark.parametrize("detail", Detail)
def test_first_and_last_line_are_the_verdict(
    report: Report, passing: Report, detail: Detail
) -> None:
    """Catches a verdict that a reader has to search, or one for each variant."""
    for reports, said in (
        ([report, passing], "bn.py:BN does not conform: 3 of 4 properties fail"),
        ([passing, passing], "bn.py:BN conforms"),
    ):
        lines = text_of(*reports, detail=detail).splitlines()
        assert (lines[0], lines[-1]) == (said, said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"incomplete": ("a buffer",)}, "incomplete: 1 part was not identified"),
        ({"incomplete": ("a", "b")}, "incomplete: 2 parts were not identified"),
        ({"results": ()}, "incomplete: no property was tested"),
        ({"promised": {"float32": 13}}, "incomplete: only 12 of 13 cases in float32 ran"),
        ({"interrupted": True}, "interrupted before a case, no failure until then"),
        (
            {"interrupted": True, "promised": {"float32": 30}},
            "interrupted after 23 of 30 cases, no failure until then",
        ),
        (
            {"error": "bn.py:BN cannot be used: no train", "error_reason": "no train"},
            "cannot be used: no train",
        ),
        ({"error": "no file bn.py"}, "cannot be used: no file bn.py"),
        ({"results": (KNOWN,)}, "conforms, except for 1 known failure"),
        ({}, "conforms"),
        ({"not_checked": ("strides",)}, "conforms, except: strides not checked"),
        (
            {"not_checked": ("strides", "equal bits"), "excluded": ("running/dtype",)},
            "conforms, except: strides, equal bits and 1 excluded property not checked",
        ),
        (
            {"not_checked": ("empty batches",), "results": (KNOWN,)},
            "conforms, except for 1 known failure; empty batches not checked",
        ),
    ],
    ids=range(13),
)
def test_verdicts(passing: Report, changes: dict[str, object], said: str) -> None:
    """Catches a verdict that does not say why."""
    assert text_of(replace(passing, **changes)).splitlines()[-1] == f"bn.py:BN {said}"  # type: ignore[arg-type]  # fields of Report


def test_stopped_at_the_first_failure(report: Report) -> None:
    """Catches a run that was cut short and counts its failures as if it had found all."""
    last = text_of(replace(report, stopped=True)).splitlines()[-1]

    assert last == ("bn.py:BN does not conform: stopped at the first failure, forward/agreement")


def test_quiet_is_one_line(report: Report) -> None:
    """Catches anything beside the verdict."""
    assert text_of(report, report, detail=Detail.VERDICT).count("\n") == 1


def test_lengths(passing: Report, many: Report) -> None:
    """Catches a report that does not fit a screen, whatever there is to say."""
    talkative = replace(passing, notes=many.notes, recognised=many.recognised)

    assert len(text_of(talkative, talkative).splitlines()) <= PASSING_LINES < 25
    assert len(text_of(many, many).splitlines()) <= FAILING_LINES < 60


def test_cut_parts_say_so(passing: Report, many: Report) -> None:
    """Catches lines that are left out without a word on how to see them."""
    assert "more lines: --verbose" in text_of(replace(passing, notes=many.notes))
    assert "more failures: --verbose" in text_of(many)
    assert "words, 19" in text_of(many, detail=Detail.FULL)


def test_order(report: Report) -> None:
    """Catches failures before what explains them."""
    told = replace(
        report,
        recognised=("a NumPy class",),
        incomplete=("a buffer",),
        advice=("--declare running_variance=biased",),
    )
    text = text_of(told)
    places = [text.index(part) for part in ORDER]

    assert places == sorted(places)
    assert "Advice: a difference in convention is not a bug. Some failures disappear with:" in text


def test_families(report: Report, passing: Report) -> None:
    """Catches counts that do not say how many properties hold."""
    assert "forward      1 of 2, 1 not tested" in text_of(passing)
    assert "holds        forward 1 of 2, backward 0 of 1, running 0 of 1" in text_of(report)


def test_accuracy_is_a_line_per_dtype(passing: Report) -> None:
    """Catches a class, a declared class or a ratio that is not told; the weakest variant counts."""
    weaker = Accuracy("one-pass", "one-pass", {}, 0.75, "y", "c", "mean")
    text = text_of(passing, replace(passing, accuracy={"float32": weaker}))

    assert "accuracy     float32   one-pass, worst error/bound 0.75" in text
    assert "             float64   not measured" in text
    assert "two-pass (declared: streaming), worst error/bound 0.5" in text_of(passing)


def test_untested_by_reason(passing: Report) -> None:
    """Catches a reason that is told for each property, and what was excluded on request."""
    more = Result("forward/strides", "s", "t", "float32", "unsupported", reason="no space")
    some = Result("forward/zero-mean", "s", "t", "float16", "unsupported", reason="no case")
    told = replace(passing, results=(*passing.results, more, some), excluded=("running/dtype",))
    text = text_of(told)

    assert "not tested   no space: forward/spatial, forward/strides" in text
    assert "no case (in float16): forward/zero-mean" in text
    assert "excluded with --exclude: running/dtype" in text


def test_roots_come_first(report: Report) -> None:
    """Catches a relation that is shown as a failure of its own beside the agreement it follows."""
    results = [
        failed(name, dtype, violation(output))
        for dtype in ("float32", "float64")
        for name, output in (
            ("forward/zero-mean", "mean of y"),
            ("forward/agreement", "y"),
            ("forward/scale-law", "dx"),
        )
    ]
    text = text_of(replace(report, results=tuple(results)))

    assert text.count("FAIL ") == 1
    assert "FAIL forward/agreement, float32" in text
    assert "also in  float64" in text
    assert "2 more properties fail for the same reason:\n  forward/zero-mean, forward/scale" in text


def test_root_in_one_dtype_is_a_root(report: Report) -> None:
    """Catches a failure that is explained by what fails in another dtype only."""
    results = (
        failed("forward/agreement", "float32", violation("y")),
        failed("forward/zero-mean", "float64", violation("mean of y")),
    )
    text = text_of(replace(report, results=results))

    assert "FAIL forward/zero-mean, float64" in text
    assert "for the same reason" not in text


def test_one_cause_for_what_it_explains(report: Report) -> None:
    """Catches a cause that is told again, or is given for a crash that it does not reproduce."""
    caused = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    text = text_of(replace(report, results=tuple(caused)))

    assert text.count("eps is added twice.") == 1
    assert text.index("FAIL forward/agreement") < text.index("eps is added twice.")
    assert text.index("seen in  owner/name#12") < text.index("CRASHED backward/agreement")
    assert "no known mistake" not in text


def test_events_have_the_causes_that_reproduce_them(report: Report) -> None:
    """Catches an exception that is put down to a mistake which raises nothing."""
    mistake = replace(CAUSE, explains=(Explained(EventKind.CHANGED_INPUT, "x"),))
    for event, explained in (("changed-input", True), ("raised", False)):
        seen = replace(violation(kind="fail"), output="x", elements=(), event=event)
        seen = replace(seen, ratio=float("inf"))
        result = replace(failed("forward/sign", "float32", seen), causes=(mistake,))

        assert ("eps is added twice" in text_of(replace(report, results=(result,)))) is explained


def test_unknown_cause(report: Report) -> None:
    """Catches a cause that is missing without a word."""
    assert "cause    unknown, no known mistake reproduces this" in text_of(report)


def test_how_to_reproduce(report: Report) -> None:
    """Catches a failure that nobody can run again."""
    text = text_of(report)

    assert "reproduce    bnproof replay abcdefg2\n" in text
    assert "             bnproof replay abcdefg2 --script bug.py\n" in text


def test_line_per_property_and_dtype(report: Report) -> None:
    """Catches a verdict that is left out of the full report, or one without its id for grep."""
    lines = text_of(report, detail=Detail.FULL).splitlines()
    rows = [line.split() for line in lines if line.startswith(("forward/", "backward/", "runn"))]

    assert ["forward/zero-mean", "float32", "pass", "9", "0.25"] in rows
    assert ["forward/zero-mean", "float64", "pass", "9", ">0.99"] in rows
    assert ["forward/agreement", "float64", "fail", "12", "nan"] in rows
    assert ["backward/agreement", "float32", "crashed", "12", "inf"] in rows


def test_full_report_has_all(report: Report, many: Report) -> None:
    """Catches a failure, a convention or a note that --verbose does not show."""
    text = " ".join(text_of(report, detail=Detail.FULL).split())

    for part in (
        "not tested: no space: 1 property",
        "momentum weighs the old value",
        "two-pass (declared: streaming)",
        "effective depth 3.5 for 1024 values",
        "3 of 4",
        "float64 11 of 12 promised",
        "a note",
    ):
        assert part in text
    assert text_of(many, detail=Detail.FULL).count("FAIL ") == 60


def test_failure_is_short(report: Report) -> None:
    """Catches a failure that does not fit a screen."""
    for block in failures(report.results, full=True):
        assert len(block) < 25


def test_failure_has_what_is_promised(report: Report) -> None:
    """Catches a failure without statement, theorem, case, elements or ratio."""
    block = "\n".join(line.plain for line in failures(report.results)[0])

    assert block.startswith("FAIL forward/agreement, float32")
    for part in ("A statement", "some-theorem", "6x1, eps 0.5", "1.23663759", "2.08e+04"):
        assert part in block
    assert "index    expected      actual  error    bound" in block
    assert "[0, 0]  1.54780712  1.23663759  0.311  1.5e-05" in block
    assert "also in  float64 (nan)" in block
    assert "and 6 more violations of the same property" in block


def test_crash_is_one_failure(report: Report) -> None:
    """Catches the same crash told again for each of the properties that it breaks."""
    text = text_of(report)

    assert text.count("CRASHED") == 1
    assert "1 more property fails for the same reason:\n  running/one-step" in text


def test_stale_entry_is_shown(report: Report) -> None:
    """Catches a wrong file of known failures that is told as a mistake of the target."""
    entry = failed("forward/sign", "float32", violation(output=ENTRY))
    text = text_of(replace(report, results=(entry,)))

    assert "FAIL forward/sign" in text
    assert "cause" not in text


def test_known_failures_are_told(passing: Report) -> None:
    """Catches a report that passes without a word on what is accepted for a while."""
    text = text_of(replace(passing, results=(*passing.results, KNOWN)))

    assert "known        to be mended in May\n             forward/sign (float32)" in text


def test_variants_of_one_dtype_are_told_apart(report: Report) -> None:
    """Catches a failure of one variant that is not said to be of this variant only."""
    one = Violation("c", "c", "y", "y: error is 9 times the bound", ratio=9.0)
    bad = Result("forward/sign", "s", "t", "float16", "fail", 1, violations=(one,))
    good = replace(bad, verdict="pass", violations=())
    variants = [
        replace(report, name=f"BN ({name})", results=(result,), cases={"float16": 1}, accuracy={})
        for name, result in (("mixed", good), ("half", bad))
    ]

    assert "FAIL forward/sign, float16 (half)" in text_of(*variants)


def test_several_targets_end_with_a_line_each(report: Report, passing: Report) -> None:
    """Catches verdicts on several targets that are far apart."""
    stream = io.StringIO()
    show_all([[report], [replace(passing, target="other")]], stream)

    assert stream.getvalue().splitlines()[-2:] == [
        "bn.py:BN does not conform: 3 of 4 properties fail",
        "other conforms",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1e-9, "<0.001"),
        (0.9999, ">0.99"),
        (1.0, "1"),
        (1.001, "1.00100"),
        (2e30, "2e+30"),
    ],
)
def test_ratio_shows_the_side_of_1(value: float, said: str) -> None:
    """Catches a violation that is printed as 1, or a pass that is."""
    assert said == ratio(value)


def test_a_difference_in_convention_is_the_verdict(report: Report) -> None:
    """Catches a difference in convention that is counted or explained like a mistake."""
    results = tuple(
        replace(failed(name, "float32", violation("running_var")), advised=True)
        for name in ("running/one-step", "running/buffers")
    )
    told = replace(report, results=results, advice=("--declare running_variance=biased",))
    for detail in (Detail.OVERVIEW, Detail.FULL):
        text = text_of(told, detail=detail)
        lines = text.splitlines()
        assert lines[0] == lines[-1]
        assert lines[0] == (
            "bn.py:BN does not conform as declared: a difference in convention, see the advice"
        )
        assert "cause" not in text
    text = text_of(told)
    assert "Advice: a difference in convention is not a bug. All failures disappear with:" in text
    assert "1 more property fails for the same reason:\n  running/buffers" in text


def test_what_the_advice_leaves_keeps_the_count(report: Report) -> None:
    """Catches a mistake that is hidden by a difference in convention beside it."""
    advised = replace(
        failed("running/one-step", "float32", violation("running_mean")), advised=True
    )
    left = failed("running/many-steps", "float32", violation("running_mean"))
    text = text_of(replace(report, results=(advised, left), advice=("--declare x",)))

    assert text.startswith("bn.py:BN does not conform: 2 of 2 properties fail\n")
    assert "FAIL running/many-steps" in text
    assert "for the same reason" not in text
    assert text.count("cause    unknown, no known mistake reproduces this") == 1


def test_an_accuracy_class_is_no_convention(report: Report) -> None:
    """Catches a target that is less accurate than declared and is told of a convention."""
    result = replace(failed("forward/agreement", "float32", violation()), advised=True)
    told = replace(
        report,
        results=(result,),
        advice=("add --declare accuracy=one-pass",),
        differs_in=("accuracy",),
    )
    text = text_of(told)

    assert "a difference in accuracy class, see the advice" in text
    assert "convention" not in text


def test_untested_without_room(report: Report, passing: Report) -> None:
    """Catches a reason that is hidden behind --verbose, with or without failures."""
    more = tuple(
        Result(f"layer/a-property-{n}", "s", "t", "float32", "unsupported", reason=f"needs {n % 5}")
        for n in range(31)
    )
    for each in (report, replace(passing, notes=("a note " * 60,))):
        text = text_of(replace(each, results=(*each.results, *more)))
        assert "not tested   7 properties: needs 0\n             6: needs 1\n" in text
