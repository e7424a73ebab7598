"""The hook that turns a target into objects of the contract."""

import subprocess
import sys
from typing import Any

import pytest
from tests.first_variant import adapt

from bnproof.implementations import known_targets, variants
from bnproof.recognition.errors import NotRecognised, Unusable


class Offered:
    """Offers inference and nothing else."""

    def infer(self, x: Any, *arrays: Any, eps: float) -> Any:
        """Return what was given."""
        return x, arrays, eps, None


def test_objects_of_the_contract_are_returned() -> None:
    """Catch a contract object that is wrapped, and a class that is not instantiated."""
    offered = Offered()
    assert adapt(offered) is offered
    assert isinstance(adapt(Offered), Offered)
    assert len(variants(Offered)) == 1


@pytest.mark.parametrize("target", [3, "bn", (len, 3), object])
def test_others_are_refused_in_two_lines(target: Any) -> None:
    """Catch an object that is taken for an implementation, and a message without a way out."""
    with pytest.raises(NotRecognised, match="is not recognised as a batch normal") as caught:
        adapt(target)
    assert caught.value.target is target
    assert str(caught.value).count("\n") < 2


@pytest.mark.parametrize("target", [len, (len,)])
def test_other_functions_are_refused_with_what_they_did(target: Any) -> None:
    """Catch a function that is refused without what was called and what came back."""
    with pytest.raises(Unusable) as caught:
        adapt(target)
    assert str(caught.value) == "expected an array of the shape of x from len(x), got none"


def test_known_targets_name_each_form() -> None:
    """Catch a form of target that `bnproof targets` forgets."""
    written = " ".join(name for name, _ in known_targets())
    for form in ("reference", "torch.nn:", "file.py:"):
        assert form in written


def test_nothing_heavy_is_imported() -> None:
    """Catch an adapter that imports its library before a target needs it."""
    code = (
        "import sys; from bnproof.implementations import known_targets, variants; known_targets(); "
        "variants(type('Mine', (), {'infer': print})); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  # our own code
