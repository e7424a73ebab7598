"""A saved report comes back as it was, and any other file gives one line that says why not."""

import contextlib
import io
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.report.conftest import CAUSE, failed, measured, violation

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.event import Aspect, EarlyEnd, Event, EventKind
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.result import Report
from bnproof.report import saved_report
from bnproof.report.markdown import markdown
from bnproof.report.model_json import dumps, dumps_all, to_json
from bnproof.report.page import page
from bnproof.report.saved_report import UnreadableReport, read, read_file
from bnproof.report.terminal import Detail, show_all

HOSTILE = (
    '</script><script>alert("x")</script>',
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; &#x3c;",
    "\"' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "../../../../etc/passwd",
    "javascript:alert(1)",
    "\x1b]0;title\x07\x1b[31m",
    "\u202egnp.exe",
    "\ud800",
    "```\n</details>\n# head",
    "| a | b |\n| - | - |",
    "%s %d {0} $HOME `id`",
)
FIXED = {"schema", "dtype", "verdict", "profile", "kind", "aspect", "replay", "explains"}
"""Fields whose texts are words of a list."""

WORDS = {"inf", "-inf", "nan", *CLASSES}
"""Texts that stand for numbers, and those of another such list."""

FUZZ = settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def full(report: Report) -> Report:
    """One of everything, causes and plots as well."""
    results = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    accuracy = {**report.accuracy, "float32": measured()}
    return replace(
        report,
        results=tuple(results),
        accuracy=accuracy,
        conventions={"ranks": [2, 4]},
        stopped=True,
        excluded=("forward/sign",),
        not_checked=("strides",),
    )


def again(text: str | bytes) -> list[list[Report]]:
    """What is read from a text."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return read(io.BytesIO(data))


def rendered(checks: list[list[Report]]) -> tuple[str, str, str]:
    """In all forms, the terminal's at every length."""
    stream = io.StringIO()
    for detail in Detail:
        show_all(checks, stream, detail)
    return stream.getvalue(), markdown(checks), page(checks)


class Tags(HTMLParser):
    """The elements and attributes of a page, without its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.append((tag, *(name for name, _ in attrs)))


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is something in a JSON value."""
    yield before
    named = value if isinstance(value, dict) else {}
    numbered = value if isinstance(value, list) else []
    for key, inner in (*named.items(), *enumerate(numbered)):
        yield from paths(inner, (*before, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else at one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def test_comes_back_as_it_was(full: Report) -> None:
    """Catches a field that is written and lost, or read from another one."""
    (made,) = again(dumps([full, Report("other", error="two\nlines")]))

    assert [repr(each) for each in made] == [
        repr(each) for each in (full, Report("other", error="two\nlines"))
    ]  # by repr, in which NaN is NaN


def test_several_targets_come_back(full: Report) -> None:
    """Catches a target that is lost, or taken for a variant of another one."""
    other = Report("other", error="e")
    made = again(dumps_all([[full, full], [other]]))

    assert [[each.target for each in reports] for reports in made] == [
        ["bn.py:BN", "bn.py:BN"],
        ["other"],
    ]
    assert all(rendered(made))


def test_reports_without_plots_are_read(full: Report) -> None:
    """Catches a reader that refuses what was written before there were plots."""
    old = to_json([full])
    for accuracy in old["accuracy_details"].values():
        del accuracy["outputs"], accuracy["offsets"]
    ((made,),) = again(json.dumps(old))

    assert made.accuracy["float32"].outputs == ()
    assert all(rendered([[made]]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not valid JSON"),
        (b"{", "may be truncated"),
        (b"\xff\xfe{\x00", "UTF-8"),
        (b"nonsense", "is not valid JSON"),
        (b"[]", "no field schema"),
        (b"{}", "no field schema"),
        (b'{"schema": 2}', "expected schema 1, got schema 2"),
        (b'{"schema": true}', "got schema True"),
        (b'{"schema": "1"}', "got schema 1"),
        (b'{"schema": 1}', "'target' is a required property"),
        (b'{"schema": NaN}', "the number NaN"),
        (b'{"schema": 1e999}', "no float64"),
        (b'{"schema": 1' + b"0" * 5000 + b"}", "5001 digits"),
        (b"[" * 100_000, "nested more deeply"),
        (b'{"a":' * 100_000, "nested more deeply"),
        (b" " * (saved_report.LIMIT + 1), "more than 16 MB"),
    ],
    ids=range(16),
)
def test_one_clear_line(text: bytes, said: str) -> None:
    """Catches a traceback, a message of many lines, or one that does not say what is wrong."""
    with pytest.raises(UnreadableReport, match=said) as raised:
        again(text)

    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 300


def test_says_where(full: Report) -> None:
    """Catches a message that leaves the reader to search."""
    made = to_json([full])
    with pytest.raises(UnreadableReport, match=r"at results\[2\]\.verdict: 'ok' is not one of"):
        again(json.dumps(changed(made, ("results", 2, "verdict"), "ok")))


def test_id_is_no_command(full: Report) -> None:
    """Catches an id that does something else when a reader pastes the line into a shell."""
    made = to_json([full])
    with pytest.raises(UnreadableReport, match=r"replay: 'x; rm -rf \.' does not match"):
        again(json.dumps(changed(made, ("results", 4, "counterexample", "replay"), "x; rm -rf .")))


def test_deep_variants(full: Report) -> None:
    """Catches a recursion of the validator's, which the parser's limit does not prevent."""
    made = to_json([full])
    for _ in range(400):
        made = {**to_json([Report("a")]), "variants": [made]}
    with pytest.raises(UnreadableReport, match="nested more deeply"):
        again(json.dumps(made))


def test_endless_file() -> None:
    """Catches a reader that fills the memory with what never ends."""
    with pytest.raises(UnreadableReport, match="/dev/zero has more than 16 MB"):
        read_file(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    """Catches a traceback where there is nothing to read."""
    with pytest.raises(UnreadableReport, match="cannot read"):
        read_file(tmp_path / name)


@FUZZ
@given(data=st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    """Catches any other exception for any other file."""
    with pytest.raises(UnreadableReport):
        again(data)


@FUZZ
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncated(full: Report, share: float) -> None:
    """Catches half a report that is shown as a whole one."""
    text = dumps([full]).rstrip()
    with pytest.raises(UnreadableReport):
        again(text[: int(share * len(text))])


@FUZZ
@given(data=st.data(), new=JSON)
def test_something_else_somewhere(full: Report, data: st.DataObject, new: Any) -> None:
    """Catches a value that the schema lets pass and a renderer stumbles over."""
    made = to_json([full])
    path = data.draw(st.sampled_from(list(paths(made))))
    with contextlib.suppress(UnreadableReport):
        assert all(rendered(again(json.dumps(changed(made, path, new)))))


@FUZZ
@given(value=st.sampled_from([0.0, 5e-324, 1e-3, 1.0, 1e4, 1.7e308, math.inf, -math.inf, math.nan]))
def test_any_number_can_be_plotted(full: Report, value: float) -> None:
    """Catches a logarithm of nothing, or a mark at no place in a drawing."""
    made = to_json([full])
    spelled = value if math.isfinite(value) else str(value)
    outputs = made["accuracy_details"]["float32"]["outputs"]
    outputs[0]["ratios"] = dict.fromkeys(outputs[0]["ratios"], spelled)
    if math.isfinite(value):
        point = made["accuracy_details"]["float32"]["offsets"][0]["points"][-1]
        point["offset"] = value
    html = rendered(again(json.dumps(made)))[2]

    assert not any(f'"{word}"' in html for word in ("nan", "inf", "-inf"))


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(full: Report, hostile: str) -> None:
    """Catches a text of a report that becomes an element, a script, an escape or a heading."""
    terminal, text, html = rendered(again(json.dumps(with_text(to_json([full]), hostile))))
    harmless = rendered(again(json.dumps(with_text(to_json([full]), "harmless"))))

    assert Tags(html).seen == Tags(harmless[2]).seen
    assert structure(text) == structure(harmless[1])
    for form in (terminal, text, html):
        form.encode()
        assert not any(sign in form for sign in "\x1b\x07\u202e")


def test_hostile_texts_are_shown(full: Report) -> None:
    """Catches a test of the above that changes nothing."""
    _, text, html = rendered(again(json.dumps(with_text(to_json([full]), "<b>"))))

    assert html.count("&lt;b&gt;") > 50
    assert text.count("&lt;b&gt;") > 5


def with_text(value: Any, text: str, key: str = "") -> Any:
    """A report with another text wherever the schema allows any."""
    if isinstance(value, dict):
        free = key in ("conventions", "environment", "by_layout")
        return {text if free else k: with_text(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [with_text(each, text, key) for each in value]
    fixed = key in FIXED or not isinstance(value, str) or value in WORDS
    return value if fixed else text


def structure(text: str) -> list[tuple[str, str]]:
    """What a Markdown text is made of: its elements, and HTML as it stands."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    every = [inner for token in tokens for inner in (token, *(token.children or ()))]
    return [
        (token.type, token.content if token.type.startswith("html") else "")
        for token in every
        if token.type != "text"
    ]


@pytest.mark.parametrize(
    "finding",
    [
        Event(EventKind.RAISED, "train", "train", actual="MemoryError", memory=2**30),
        Event(EventKind.RAISED, "infer", "infer", actual="E", message="m", mistake="form/order"),
        Event(EventKind.MALFORMED, "train", "y", "", Aspect.SHAPE, "(2,)", "(3,)"),
        Event(EventKind.CHANGED_RESULT, "later", "dx", "train (a case)", Aspect.LATER_CASE),
        EarlyEnd("crashed", "train", ended="killed by SIGSEGV", said="a word"),
        EarlyEnd("timed-out", "infer", 5.0, given_up=True),
    ],
)
def test_findings_come_back(finding: Event | EarlyEnd) -> None:
    """Catches a saved report whose failures are grouped otherwise than those of the check."""
    found = replace(violation("dx of infer"), elements=(), ratio=math.inf, finding=finding)
    report = Report("bn.py:BN", results=(failed("forward/sign", "float32", found),))
    ((again,),) = read(io.BytesIO(dumps([report]).encode()))

    assert again.results[0].violations == (found,)


def test_what_a_mistake_explains_comes_back() -> None:
    """Catches a call of two words, or an event, that is read as something else."""
    explains = (Explained("train late", "dx"), Explained(EventKind.CHANGED_RESULT, "dx of train"))
    result = replace(
        failed("a", "float32", violation()), causes=(replace(CAUSE, explains=explains),)
    )
    ((again,),) = read(io.BytesIO(dumps([Report("bn.py:BN", results=(result,))]).encode()))

    assert again.results[0].causes[0].explains == explains


def test_report_of_the_first_version() -> None:
    """Catches a saved report without newer fields that reads differently now."""
    made = to_json([Report("bn.py:BN", error="bn.py:BN cannot be used: no train")])
    made["advice"] = ["the failure is a difference: add --declare accuracy=one-pass"]
    ((report,),) = again(json.dumps(made))

    assert report.error_reason == "no train"
    assert report.differs_in == ("accuracy",)
