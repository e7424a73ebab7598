"""What readers get: documents that are up to date, complete, legible, and that run."""

import json
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from bnproof.spec.contents import THEOREMS
from bnproof.spec.publishing import glyphs
from bnproof.spec.publishing.html import FONT, page
from bnproof.spec.publishing.latex import latex
from bnproof.spec.publishing.line_breaks import LIMIT, pieces, width
from bnproof.spec.publishing.markdown import markdown
from bnproof.spec.publishing.notation import NOTATIONS
from bnproof.spec.publishing.notebook import notebook
from bnproof.spec.publishing.tex import document

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROBE = """<script>
const over = [...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.right > innerWidth + 1 && !e.closest(".wide, pre, .why span");
});
const all = [...document.querySelectorAll("math")];
const flat = all.filter(e => e.getBoundingClientRect().height < 5);
document.title = JSON.stringify({
  over: over.map(e => e.textContent.slice(0, 60)), flat: flat.length,
  wide: document.documentElement.scrollWidth - innerWidth,
  formulas: all.length,
  font: document.fonts.check("17px Formulas"),
});
</script>"""


@pytest.fixture(scope="module")
def html() -> str:
    """The page in course notation, without the results of checks."""
    return page()


def test_markdown_is_up_to_date() -> None:
    """docs/derivation.md is generated: bnproof derive --format md -o docs/derivation.md."""
    assert (ROOT / "docs" / "derivation.md").read_text(encoding="utf-8") == markdown()


def test_every_theorem_is_in_every_document(html: str) -> None:
    """A document that leaves a chapter out."""
    for text in (html, markdown(), notebook()):
        assert all(theorem in text for theorem in THEOREMS)
    assert document().count(r"\subsection{") == len(THEOREMS)


def test_page_is_small_and_needs_nothing_else(html: str) -> None:
    """A link to a script, a font or a picture elsewhere, or a page that grew too large."""
    assert len(html.encode()) < 410 * 1024
    assert not re.search(r"<script|https?://|src=\"(?!data:)|@import", html)
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize("notation", NOTATIONS)
def test_font_has_every_sign(notation: str) -> None:
    """The root sign once vanished from a subset, and 1/sqrt(var) read as 1/var."""
    data = (ROOT / "spec" / "publishing" / FONT).read_bytes()
    known = set(TTFont(BytesIO(data)).getBestCmap())
    needed = glyphs.of_page(page(NOTATIONS[notation]))

    assert 0x221A in known
    assert {chr(code) for code in needed - known} == set()


def test_long_formulas_are_broken() -> None:
    """Pieces that do not add up to the formula, or that are as long as before."""
    sides = [side for t in THEOREMS.values() for c in t.lines() for side in (c.left, c.right)]
    texts = [latex(side) for side in sides]

    def bare(text: str) -> str:
        return re.sub(r"\\left|\\right|\s", "", text)

    for text in texts:
        assert bare("".join(pieces(text))) == bare(text)
    for piece in (piece for text in texts for piece in pieces(text)):
        if width(re.sub(r"[()\[\]]", "", piece)) <= LIMIT:
            continue  # parentheses stay with the first and the last piece of what they hold
        # what is still longer has a fraction or a root, which cannot be broken and is scrolled
        assert r"\frac" in piece or r"\sqrt" in piece, piece


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("size", ["1280,900", "500,900"], ids=["desktop", "narrow"])
def test_page_renders(html: str, size: str, tmp_path: Path) -> None:
    """Formulas of no height, a font that is not used, or text beyond the edge of the window."""
    path = tmp_path / "page.html"
    path.write_text(html.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--window-size={size}", "--virtual-time-budget=4000", "--dump-dom", path.as_uri()]
    done = subprocess.run(  # noqa: S603  # the browser that was found
        command, capture_output=True, text=True, check=True, timeout=120
    )
    found = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert found is not None
    seen = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))

    assert seen["formulas"] > 300
    assert seen["flat"] == 0
    assert seen["font"]
    assert seen["over"] == []
    assert seen["wide"] <= 0


def test_notebook_runs() -> None:
    """A cell that fails for whoever opens the notebook; every fifth is run, from the top."""
    cells = [c["source"] for c in json.loads(notebook())["cells"] if c["cell_type"] == "code"]
    scope: dict[str, object] = {}
    for cell in [cells[0], *cells[1:-1:5], cells[-1]]:
        exec(cell, scope)  # noqa: S102  # our own text
