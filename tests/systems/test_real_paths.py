"""Messages name files where they are, and not by the links in src/bnproof."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bnproof import idea_folders
from bnproof.idea_folders import FOLDERS
from bnproof.recognition.frames import is_ours

PRINTED = """
import bnproof.properties
import bnproof.cli
try:
    bnproof.properties.fail()
except ValueError:
    import traceback
    traceback.print_exc()
"""


def checkout(root: Path, *, links: bool) -> Path:
    """A small checkout; where git does not make links, a link is a text file."""
    package = root / "src" / "bnproof"
    (package / "cli").mkdir(parents=True)
    (package / "cli" / "__init__.py").touch()
    original = Path(idea_folders.__file__)
    for name in ("__init__.py", original.name):
        shutil.copy(original.with_name(name), package / name)
    for folder in FOLDERS:
        (root / folder).mkdir()
        text = "def fail():\n    raise ValueError"
        (root / folder / "__init__.py").write_text(text, encoding="utf-8")
        if links:
            (package / folder).symlink_to(Path("../..") / folder)
        else:
            (package / folder).write_text(f"../../{folder}", encoding="utf-8")
    return root


@pytest.mark.parametrize("links", [True, False], ids=["links", "text files"])
def test_traceback_in_a_checkout(links: bool, tmp_path: Path) -> None:
    """Catches a traceback with the path of a link, and a checkout on Windows that has none."""
    root = checkout(tmp_path, links=links)
    done = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-S", "-c", PRINTED],
        env={"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert f'File "{root / "properties" / "__init__.py"}", line 2, in fail' in done.stderr


@pytest.mark.parametrize(
    "name", [*FOLDERS, "properties.network", "mutants.eps", "spec.kernel.sums"]
)
def test_no_module_is_found_by_a_link(name: str) -> None:
    """Catches a folder of ideas that is imported by its link after all."""
    file = importlib.import_module(f"bnproof.{name}").__file__
    assert file is not None

    assert not any(folder.is_symlink() for folder in list(Path(file).parents)[:3])
    assert is_ours(file, [name.partition(".")[0]])
