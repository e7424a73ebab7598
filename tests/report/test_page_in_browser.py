"""The page in headless Chromium: no network, filters, sorting, keyboard, print, small windows."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.report.browser import CHROMIUM, Browser
from tests.report.conftest import measured

from bnproof.engine.model.result import Report
from bnproof.report.page import page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

COUNT = "document.getElementById('count').textContent"
FOCUS = "document.activeElement.outerHTML.slice(0, 200)"
SHOWN = "[...document.querySelectorAll('#table tbody tr')].filter(row => row.offsetParent)"
CELLS = SHOWN + ".map(row => row.cells[{column}].textContent.trim())"
OVER = """[...document.querySelectorAll("body *")].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width > 0 && box.right > innerWidth + 1 && !each.closest(".scroll, .skip");
}).map(each => each.outerHTML.slice(0, 80))"""
TAB, ENTER, SPACE = ("Tab", 9), ("Enter", 13, "\r"), (" ", 32, " ")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; starting it takes seconds."""
    with Browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def file(report: Report, tmp_path: Path) -> Path:
    """A page with a failing report and a passing one."""
    failing = replace(
        report,
        accuracy={**report.accuracy, "float32": measured()},
        recognised=("NumPy class with forward and backward",),
        incomplete=("the buffer 'noise' of shape (3,): --without other-state",),
        advice=("--declare running_variance=biased",),
    )
    passing = replace(report, target="other", name="", results=report.results[:1], promised={})
    path = tmp_path / "page.html"
    path.write_text(page([[failing], [passing]]), encoding="utf-8")
    return path


def focus_on(browser: Browser, found: str) -> None:
    """Press Tab until the focus is on an element with a text in its HTML."""
    for _ in range(60):
        if found in browser.value(FOCUS):
            return
        browser.press(*TAB)
    pytest.fail(f"the keyboard does not reach {found}")


def test_nothing_is_loaded(browser: Browser, file: Path) -> None:
    """Catches a font, picture or script that is fetched, or a script that the policy forbids."""
    browser.open(file)

    assert browser.requests == [file.as_uri()]
    assert browser.value("performance.getEntriesByType('resource').length") == 0
    assert browser.value(COUNT) == "Showing 9 of 9 results"


def test_policy_stops_other_scripts(browser: Browser, file: Path) -> None:
    """Catches a policy that would let a script run which came in with a report."""
    html = file.read_text(encoding="utf-8")
    file.write_text(
        html.replace("</main>", "<script>document.title='bad'</script></main>"), "utf-8"
    )
    browser.open(file)

    assert browser.value("document.title") == "bnproof: reports"


@pytest.mark.parametrize(
    ("box", "left"),
    [("pass", 6), ("fail", 7), ("float64", 6), ("r2", 8)],
    ids=["pass", "fail", "dtype", "target"],
)
def test_boxes_filter(browser: Browser, file: Path, box: str, left: int) -> None:
    """Catches a box that hides nothing, the wrong rows, or rows that are not counted out loud."""
    browser.open(file)
    browser.value(f"document.querySelector('input[value=\"{box}\"]').click()")

    assert browser.value(COUNT) == f"Showing {left} of 9 results"
    assert browser.value(f"{SHOWN}.length") == left
    assert browser.value("document.getElementById('count').getAttribute('aria-live')") == "polite"


def test_text_filters_and_reset_shows_all(browser: Browser, file: Path) -> None:
    """Catches a search that looks at ids only, or a button that leaves the table filtered."""
    browser.open(file)
    focus_on(browser, 'type="search"')
    browser.type("AGREEMENT float32")
    columns = browser.value(CELLS.format(column=1))
    browser.press(*TAB)
    browser.press(*ENTER)

    assert sorted(columns) == ["backward/agreement", "forward/agreement"]
    assert (
        browser.value(f"new Promise(done => setTimeout(() => done({COUNT}), 50))")
        == "Showing 9 of 9 results"
    )


def test_statements_are_searched(browser: Browser, file: Path) -> None:
    """Catches a search that misses what a property says."""
    browser.open(file)
    focus_on(browser, 'type="search"')
    browser.type("statement that is long")

    assert browser.value(COUNT) == "Showing 4 of 9 results"


def test_keyboard_sorts(browser: Browser, file: Path) -> None:
    """Catches heads that only a mouse can press, and an order that is not told to a reader."""
    browser.open(file)
    focus_on(browser, '<button type="button">error/bound')
    browser.press(*ENTER)
    ascending = browser.value(CELLS.format(column=6))
    head = "document.activeElement.closest('th').getAttribute('aria-sort')"
    first = browser.value(head)
    browser.press(*SPACE)

    assert first == "ascending"
    assert browser.value(head) == "descending"
    assert browser.value("document.querySelectorAll('[aria-sort]').length") == 1
    assert [cell for cell in ascending if cell][:3] == ["0.25", "0.25", ">0.99"]
    assert ascending[-3:] == ["nan", "inf", "inf"]
    assert browser.value(CELLS.format(column=6))[0] in ("nan", "inf")


def test_verdicts_sort_by_gravity(browser: Browser, file: Path) -> None:
    """Catches verdicts in the order of the alphabet."""
    browser.open(file)
    browser.value("document.querySelectorAll('#table th button')[3].click()")

    verdicts = browser.value(CELLS.format(column=3))
    assert list(dict.fromkeys(verdicts)) == ["crashed", "fail", "pass", "not tested"]


def test_focus_is_seen(browser: Browser, file: Path) -> None:
    """Catches a focus that no eye can follow."""
    browser.open(file)
    browser.press(*TAB)

    style = "getComputedStyle(document.activeElement)"
    assert "skip" in browser.value(FOCUS)
    assert browser.value("document.activeElement.getBoundingClientRect().left") >= 0
    assert browser.value(f"{style}.outlineStyle + parseInt({style}.outlineWidth)") == "solid3"


def test_folds_open_by_keyboard(browser: Browser, file: Path) -> None:
    """Catches numbers that only a mouse can unfold."""
    browser.open(file)
    focus_on(browser, "<summary>The numbers, float32")
    browser.press(*ENTER)

    assert browser.value("document.activeElement.parentNode.open") is True


@pytest.mark.parametrize("width", [1280, 500, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window(browser: Browser, file: Path, width: int, scheme: str) -> None:
    """Catches text beyond the edge, or a page that is bright in a dark room."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", media="", features=features)
    browser.open(file, width=width)
    paper = browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    over, wide = browser.value(OVER), browser.value("document.documentElement.scrollWidth")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])

    assert over == []
    assert wide <= width
    assert (int(paper) < 60) == (scheme == "dark")


def test_text_has_contrast(browser: Browser, file: Path) -> None:
    """Catches text that is hard to read: less than 4.5 to 1 (WCAG 2.1, 1.4.3), in either scheme."""
    script = """(() => {
      const light = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
      const of = text => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number); return 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b); };
      const behind = each => { for (; each; each = each.parentElement) { const c = getComputedStyle(each).backgroundColor; if (!c.endsWith(", 0)")) return c; } };
      return [...document.querySelectorAll("body *")].filter(each => each.offsetParent && [...each.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(each => {
        const [a, b] = [of(getComputedStyle(each).color), of(behind(each))].sort((x, y) => y - x);
        return [(a + 0.05) / (b + 0.05), each.outerHTML.slice(0, 60)];
      }).filter(each => each[0] < 4.5);
    })()"""  # noqa: E501  # JavaScript
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.call("Emulation.setEmulatedMedia", media="", features=features)
        browser.open(file)
        faint = browser.value(script)
        browser.call("Emulation.setEmulatedMedia", media="", features=[])
        assert faint == []


def test_plots_are_told(browser: Browser, file: Path) -> None:
    """Catches a plot that is nothing but a picture to who cannot see it."""
    browser.open(file)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    images = [node for node in nodes if node.get("role", {}).get("value") in ("image", "img")]
    names = {node["name"]["value"]: node.get("description", {}).get("value", "") for node in images}

    assert "error/bound by output and accuracy class, float32" in names
    told = " ".join([*names, *names.values()])
    assert "digits of y kept as |mean|/std grows, float32" in told
    assert "less than one digit is kept from 4.1e+03 on" in told


def test_prints_all(browser: Browser, file: Path) -> None:
    """Catches rows that were filtered, or parts that are folded, missing on paper."""
    browser.open(file)
    browser.value("document.querySelector('input[value=\"fail\"]').click()")
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    shown = browser.value(f"{SHOWN}.length")
    folded = browser.value(
        "[...document.querySelectorAll('details:not([open]) td')].filter(cell => cell.checkVisibility({contentVisibilityAuto: true})).length"  # noqa: E501  # JavaScript
    )
    controls = browser.value("document.getElementById('filters').offsetParent")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    printed = base64.b64decode(browser.call("Page.printToPDF")["data"])

    assert shown == 9
    assert folded > 0
    assert controls is None
    assert printed.startswith(b"%PDF")


def test_reads_without_script(browser: Browser, file: Path) -> None:
    """Catches results, or controls that do nothing, where scripts are off."""
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(file)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)

    assert browser.value(f"{SHOWN}.length") == 9
    assert browser.value("getComputedStyle(document.getElementById('filters')).display") == "none"
    assert browser.value("document.querySelectorAll('#table button').length") == 0
    assert browser.value("document.querySelector('details.failure').open") is True
