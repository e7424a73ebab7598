"""What in a file alone is the target, where its name does not say it or says more."""

import importlib.util
import itertools
from pathlib import Path

import pytest

from bnproof.targets.candidates import candidates

COUNT = itertools.count()

PARTIAL = """
import functools
def _bn(x, gamma, beta, eps): ...
batch_norm = functools.partial(_bn, eps=1e-5)
"""
PAIR = """
def batch_norm(x, gamma, beta, eps=1e-5): ...
def dbatch_norm(g, saved): ...
"""
CONV_BN = """
from torch import nn
class ConvBN(nn.Module):
    def forward(self, x): ...
"""
FORWARD = """
class Standardise:
    def forward(self, x): ...
def helper(a): ...
"""
SCRIPTED = """
import torch
import warnings
warnings.simplefilter("ignore")
bn = torch.jit.script(torch.nn.BatchNorm2d(5))
"""
IMPORTED = """
from torch import nn
from torch.nn.functional import batch_norm
"""
LAZY = """
import warnings
warnings.simplefilter("ignore")
from torch import nn
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.LazyBatchNorm1d()
    def forward(self, x):
        return self.inner(x)
thing = Thing()
del Thing
"""
OWN_AND_REFERENCE = """
from torch import nn
class MyBatchNorm(nn.Module):
    def forward(self, x): ...
ref_bn = nn.BatchNorm1d(3)
class ConvBN(nn.Module):
    def forward(self, x): ...
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PARTIAL, ["batch_norm"]),
        (PAIR, ["batch_norm,dbatch_norm"]),
        ("from torch import nn\nhead = nn.Sequential(nn.BatchNorm2d(6), nn.Flatten())", ["head"]),
        (SCRIPTED, ["bn"]),
        ("from torch import nn\nlast = nn.BatchNorm2d(5, affine=False)", ["last"]),
        (CONV_BN, ["ConvBN"]),
        (FORWARD, ["Standardise"]),
        (OWN_AND_REFERENCE, ["MyBatchNorm"]),
        (FORWARD + FORWARD.replace("Standardise", "Whiten"), []),
        ("from torch import nn\ncriterion = nn.MSELoss()\nact = nn.GELU()", []),
        ("class TestBatchNorm:\n    def forward(self, x): ...", []),
        ("class Dropout:\n    def forward(self, x): ...", []),
        ("bn_eps = 1e-5\nbn_names = ['bn']", []),
        (IMPORTED, []),
        (LAZY, ["thing"]),
    ],
)
def test_candidates(tmp_path: Path, text: str, found: list[str]) -> None:
    """Catches a file whose one normalization is not found, and other things taken for one."""
    path = tmp_path / f"candidates_{next(COUNT)}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert [candidate.text for candidate in candidates(module)] == found
