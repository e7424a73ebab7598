"""docs/course.md and its Korean translation: what they name exists, and they say the same."""

import ast
import doctest
import re
from pathlib import Path

import pytest

from bnproof.cli.main import VERBS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.properties.network import NETWORK_PROPERTIES
from bnproof.spec.contents import THEOREMS
from bnproof.studies.catalogue import STUDIES

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("course.md", "course.ko.md")}
KNOWN = {p.id for p in PROPERTIES} | {p.id for p in NETWORK_PROPERTIES}
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


def tables(text: str) -> list[list[list[str]]]:
    """Each table as rows of cells, its head first."""
    found: list[list[list[str]]] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            if not set(line) <= set("|- "):
                found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        before = line
    return found


def path_rows(text: str) -> list[list[str]]:
    """The rows of the table from statement to picture."""
    (table,) = (t for t in tables(text) if len(t[0]) == 5)
    return table[1:]


def slug(title: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def names_in(file: Path) -> set[str]:
    """Functions and classes of a file, and methods with their class."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (n.name for n in node.body if isinstance(n, ast.FunctionDef))
            names |= {f"{node.name}.{method}" for method in methods}
    return names


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    """Catch a file that was moved, and an anchor that is no heading of the derivation."""
    headings = {
        slug(line.lstrip("# "))
        for line in (DOCS / "derivation.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    }
    for _, target in LINK.findall(TEXTS[name]):
        file, _, anchor = target.partition("#")
        assert (DOCS / file).exists(), target
        assert not anchor or anchor in headings, target


@pytest.mark.parametrize("name", TEXTS)
def test_theorems_are_linked_to_what_they_are(name: str) -> None:
    """Catch an id that is not of the specification, and a link to another theorem."""
    linked = [(text.strip("`"), target) for text, target in LINK.findall(TEXTS[name])]
    cited = [(text, target) for text, target in linked if target.startswith("derivation.md#")]

    assert len(cited) > 20
    for id_, target in cited:
        assert target == f"derivation.md#{slug(THEOREMS[id_].title)}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_is_followed_to_the_end(name: str) -> None:
    """Catch a statement without a theorem, code, a property or a picture, or with wrong ones."""
    rows = path_rows(TEXTS[name])

    assert [row[0].split(".")[0] for row in rows] == [str(i) for i in range(1, len(rows) + 1)]
    for _, theorems, code, properties, pictures in rows:
        assert set(re.findall(r"`([^`]*)`", theorems)) <= set(THEOREMS)
        for text, target in LINK.findall(code):
            assert text.strip("`") in names_in(DOCS / target), text
        assert set(re.findall(r"`([^`]*)`", properties)) <= KNOWN
        assert set(re.findall(r"`([^`]*)`", pictures)) <= set(STUDIES)
        assert all("`" in cell for cell in (theorems, code, properties, pictures))


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_of_the_course_is_left_out(name: str) -> None:
    """Catch a property of networks, or a study, that no statement leads to."""
    rows = path_rows(TEXTS[name])
    properties = {p for row in rows for p in re.findall(r"`([^`]*)`", row[3])}
    pictures = {p for row in rows for p in re.findall(r"`([^`]*)`", row[4])}

    assert {p.id for p in NETWORK_PROPERTIES} <= properties
    assert set(STUDIES) == pictures


@pytest.mark.parametrize("name", TEXTS)
def test_commands_exist(name: str) -> None:
    """Catch a command of the text that the program does not have."""
    verbs = re.findall(r"`bnproof (\w+)", TEXTS[name])

    assert len(verbs) >= 5
    assert set(verbs) <= set(VERBS)


@pytest.mark.parametrize("name", TEXTS)
def test_the_example_runs(name: str) -> None:
    """Catch an example that prints something else."""
    example = doctest.DocTestParser().get_doctest(TEXTS[name], {}, name, name, 0)
    results = doctest.DocTestRunner().run(example)

    assert results.attempted > 8
    assert results.failed == 0


def test_both_have_the_same_structure() -> None:
    """Catch a section, a row, a name, a link or an example that only one of them has."""
    english, korean = TEXTS.values()

    def shape(text: str) -> list[object]:
        headings = [line.split()[0] for line in text.splitlines() if re.match(r"#+ ", line)]
        cells = [
            [re.findall(r"`[^`]*`", cell) for cell in row]
            for table in tables(text)
            for row in table
        ]
        links = [target for _, target in LINK.findall(text) if not target.startswith("course")]
        return [headings, cells, links, re.findall(r"```.*?```", text, re.DOTALL)]

    for one, other in zip(shape(english), shape(korean), strict=True):
        assert one == other
    symbols = [[row[0] for row in tables(text)[1][1:]] for text in (english, korean)]
    assert symbols[0] == symbols[1]


def test_each_is_in_its_language() -> None:
    """Catch a paragraph that was not translated, or one of the other language."""
    prose = {
        name: [
            part
            for part in re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("\n\n")
            if part and not part.startswith(("|", "[", "#"))
        ]
        for name, text in TEXTS.items()
    }
    hangul = re.compile("[가-힣]")

    assert len(prose["course.md"]) == len(prose["course.ko.md"])
    assert not any(hangul.search(part) for part in prose["course.md"])
    assert all(len(hangul.findall(part)) > len(part) / 4 for part in prose["course.ko.md"])
