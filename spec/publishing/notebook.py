"""The specification as a Jupyter notebook, with cells that prove each theorem again."""

import json
from collections.abc import Mapping
from typing import Any

from bnproof.spec.contents import CHAPTERS, TITLE
from bnproof.spec.publishing.markdown import NO_RESULTS, section
from bnproof.spec.publishing.notation import PAPER, Notation
from bnproof.spec.verification import Checked

START = """from bnproof.spec.verification import check
from bnproof.spec.contents import THEOREMS
from bnproof.spec.proof import prove"""
OWN = 'prove("gamma*inv_std*(dy - mean(dy) - xhat*mean(dy*xhat))", "dx").proved'


def notebook(notation: Notation = PAPER, results: Mapping[str, Checked] = NO_RESULTS) -> str:
    """The JSON of the notebook, which runs from top to bottom."""
    cells = [_text(f"# {TITLE}"), _code(START)]
    for number, chapter in enumerate(CHAPTERS, 1):
        cells.append(_text(f"## {number}. {chapter.title}\n\n{chapter.introduction}"))
        for theorem in chapter.theorems:
            blocks = section(theorem, notation, results.get(theorem.id))
            cells.append(_text("\n\n".join(block for block in blocks if block)))
            cells.append(_code(f'check(THEOREMS["{theorem.id}"], damage=False)'))
    cells += [_text("## A formula of your own"), _code(OWN)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }
