"""Targets are taken apart as a user means them, and misread ones are explained."""

import pytest

from bnproof.targets.text import TargetError, parse


def test_reference_needs_no_colon() -> None:
    """Catches a parser that asks for an attribute of the reference."""
    assert parse("reference").place == "bnproof.reference"


@pytest.mark.parametrize(
    ("text", "place", "is_file", "attributes"),
    [
        ("torch.nn:BatchNorm2d", "torch.nn", False, ("BatchNorm2d",)),
        ("mine:Outer.Inner", "mine", False, ("Outer.Inner",)),
        ("a/b.py:BN", "a/b.py", True, ("BN",)),
        ("bn.py:forward,backward", "bn.py", True, ("forward", "backward")),
        ("bn.py:forward, backward", "bn.py", True, ("forward", "backward")),
        ("odd:name/bn.py:BN", "odd:name/bn.py", True, ("BN",)),
        ("bn.py:*", "bn.py", True, ("*",)),
        ("bn.py", "bn.py", True, ()),
        ("a/b.py:f,g,h", "a/b.py", True, ("f", "g", "h")),
    ],
)
def test_forms(text: str, place: str, is_file: bool, attributes: tuple[str, ...]) -> None:
    """Catches a form of target that is read as another one."""
    target = parse(text)

    assert (place, is_file, attributes) == (target.place, target.is_file, target.attributes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("refrence", "did you mean reference"),
        ("BatchNorm", "write reference, module:attribute"),
        ("torch.nn.BatchNorm2d", "write torch.nn:BatchNorm2d"),
        ("torch.nn:", "is not an attribute"),
        ("torch.nn:*", "is not an attribute"),
        ("torch.nn:Batch Norm", "is not an attribute"),
        (":BN", "not a target"),
        ("bn.py:a,b,c,d", "names 4 attributes; expected at most 3"),
        ("", "not a target"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """Catches a misspelt target that is tried anyway, or a message without the way out."""
    with pytest.raises(TargetError, match=said) as caught:
        parse(text)

    assert not caught.value.loaded
    assert len(str(caught.value).splitlines()) <= 2
