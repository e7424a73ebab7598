"""A file alone, one function of a pair and files of packages are found as a user means them."""

from pathlib import Path

import pytest

from bnproof.targets.loading import locate
from bnproof.targets.text import TargetError, parse

PAIR = """
import numpy as np

def batchnorm_forward(x, gamma, beta, eps=1e-5): return x, None

def batchnorm_backward(dout, cache): return dout
"""
CLASS = """
class BatchNorm:
    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps): ...
"""


pytestmark = pytest.mark.usefixtures("same_interpreter_afterwards")


def written(path: Path, text: str) -> Path:
    """A file with a text, in folders that are made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def meant(path: Path, attribute: str = "") -> tuple[str, ...]:
    """The attributes that a target in a file stands for."""
    return locate(parse(f"{path}:{attribute}" if attribute else str(path))).target.attributes


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        (PAIR, ("batchnorm_forward", "batchnorm_backward")),
        (CLASS, ("BatchNorm",)),
        (CLASS + "class Linear: ...\nclass Net:\n    norm = BatchNorm", ("BatchNorm",)),
        (CLASS + "class LayerNorm(BatchNorm): ...\nfrom json import JSONDecoder", ("BatchNorm",)),
        (CLASS + "bn = BatchNorm()", ("BatchNorm",)),
        (
            PAIR + "class BatchNormLayer:\n    def forward(self, x):\n"
            "        return batchnorm_forward(x)\n    def backward(self, dout):\n"
            "        return batchnorm_backward(dout)",
            ("BatchNormLayer",),
        ),
        ("def normalize(x, gamma, beta, running_mean, running_var): ...", ("normalize",)),
        (
            "def bn_train(x, gamma, beta): ...\ndef bn_test(x, gamma, beta): ...",
            ("bn_train", "bn_test"),
        ),
        (CLASS + "def test_batch_norm(x): ...\ndef main(): ...", ("BatchNorm",)),
    ],
)
def test_a_file_alone(tmp_path: Path, text: str, attributes: tuple[str, ...]) -> None:
    """Catches a helper that is taken for a batch normalization, or a pair that is split."""
    assert meant(written(tmp_path / "alone.py", text)) == attributes


def test_several_candidates(tmp_path: Path) -> None:
    """Catches a choice that is made for the user, or a message without complete commands."""
    path = written(tmp_path / "several.py", PAIR + CLASS)
    with pytest.raises(TargetError) as caught:
        meant(path)

    assert str(caught.value) == (
        "several.py has 2 things that look like a batch normalization\ncheck one of them: "
        f"bnproof check {path}:BatchNorm, "
        f"bnproof check {path}:batchnorm_forward,batchnorm_backward"
    )


def test_no_candidate(tmp_path: Path) -> None:
    """Catches a file without a batch normalization whose message does not help."""
    path = written(tmp_path / "nothing.py", "def relu(x): ...\nclass Net: ...")
    with pytest.raises(TargetError) as caught:
        meant(path)

    assert str(caught.value) == (
        "nothing in nothing.py looks like a batch normalization\n"
        f"name what to check, as bnproof check {path}:NAME"
    )


@pytest.mark.parametrize("attribute", ["batchnorm_forward", "batchnorm_backward"])
def test_one_function_of_a_pair(tmp_path: Path, attribute: str) -> None:
    """Catches a function of a pair that is checked without the other one."""
    path = written(tmp_path / "pair.py", PAIR)

    assert meant(path, attribute) == ("batchnorm_forward", "batchnorm_backward")


@pytest.mark.parametrize("with_init", [True, False], ids=["package", "namespace"])
@pytest.mark.parametrize("imports", ["from common.base import BatchNorm", "from .base import *"])
def test_files_of_packages(tmp_path: Path, imports: str, with_init: bool) -> None:
    """Catches a file of a package that cannot import its neighbours by the package's name."""
    written(tmp_path / "common" / "base.py", CLASS)
    if with_init:
        written(tmp_path / "common" / "__init__.py", "")
    path = written(tmp_path / "common" / "layers.py", f"{imports}\nclass MyNorm(BatchNorm): ...")
    target = locate(parse(f"{path}:MyNorm")).target

    assert (target.root, target.module) == (str(tmp_path), "common.layers")


def test_a_package_of_a_known_name(tmp_path: Path) -> None:
    """Catches a folder called as a module of Python's own that hides the file in it."""
    written(tmp_path / "json" / "__init__.py", "")
    path = written(tmp_path / "json" / "bn.py", CLASS)

    assert meant(path) == ("BatchNorm",)
