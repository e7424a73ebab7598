"""Declarations from outside are read by the contract's own checks, from texts and from values."""

from typing import Any

import pytest

from bnproof.engine.contract.declaration import ATTRIBUTES, accepted
from bnproof.recognition.recognised import Part
from bnproof.targets.declarations import DeclarationError, flag, outside_of, text_of

READ: list[tuple[str, str, Any]] = [
    ("dtypes", "float32,float64", ("float32", "float64")),
    ("dtypes", "float16, float16", ("float16",)),
    ("parameter_dtypes", "float16:float16", {"float16": "float16", "bfloat16": "float32"}),
    ("ranks", "2", (2,)),
    ("ranks", "2,4", (2, 4)),
    ("channel_axis", "-1", -1),
    ("momentum_weighs", "old", "old"),
    ("running_variance", "biased", "biased"),
    ("running_variance", "2:biased,4:unbiased", {2: "biased", 4: "unbiased"}),
    ("single_value", "beta", "beta"),
    ("empty", "undefined", "undefined"),
    ("accuracy", "one-pass", "one-pass"),
    ("accuracy", "low-precision statistics", "low-precision statistics"),
    ("accuracy", "float16:one-pass", {"float16": "one-pass"}),
    ("affine_parameters", "optional", "optional"),
    ("deterministic", "false", False),
    ("flush_to_zero", "True", True),
    ("cumulative", "true", True),
    ("accepts", "eps:1e-12..1", {"eps": (1e-12, 1.0)}),
    (
        "fixed",
        "eps:1e-5,channels:64,shape:8x64x7x7",
        {"eps": 1e-5, "channels": 64, "shape": (8, 64, 7, 7)},
    ),
    ("in_place", "true", True),
    ("keeps_strides", "positive", "positive"),
    ("keeps_strides", "false", False),
    ("replays", "true", True),
    ("compiles_per_shape", "true", True),
    ("normalising_variance", "unbiased", "unbiased"),
    ("activation", "leaky_relu", "leaky_relu"),
    ("activation_slope", "0.1", 0.1),
    ("residual", "true", True),
    ("mask", "true", True),
    ("virtual_batch", "16", 16),
    ("virtual_batch_averages", "in turn", "in turn"),
    ("differs", "pickle", ("pickle",)),
    ("differs", "initial-values,state-dict", ("initial-values", "state-dict")),
]


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_text_is_read(name: str, text: str, value: Any) -> None:
    """Catches an attribute that cannot be declared as text, or is read as something else."""
    assert outside_of([f"{name}={text}"]).declared == {name: value}


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_value_and_its_own_text_are_the_same(name: str, text: str, value: Any) -> None:
    """Catches a flag that a report advises and the command line does not read."""
    del text
    assert outside_of({name: value}).declared == {name: value}
    assert outside_of([f"{name}={text_of(value)}"]).declared == {name: value}


def test_every_attribute_of_the_contract_can_be_declared() -> None:
    """Catches an attribute that is added to the contract and not to what these tests try."""
    tried = {name for name, _, _ in READ}
    assert not set(ATTRIBUTES) - tried


def test_values_of_toml() -> None:
    """Catches keys that are texts in TOML and numbers in the contract, lists, and ranges."""
    declared = outside_of(
        {
            "running_variance": {"2": "biased", "4": "unbiased"},
            "ranks": [2, 4],
            "fixed": {"eps": 1e-5, "shape": [8, 64, 7, 7]},
            "accepts": {"momentum": [0.0, 0.5], "eps": "1e-12..1"},
            "cumulative": True,
        }
    ).declared

    assert declared["running_variance"] == {2: "biased", 4: "unbiased"}
    assert declared["ranks"] == (2, 4)
    assert declared["fixed"] == {"eps": 1e-5, "shape": (8, 64, 7, 7)}
    assert declared["accepts"] == {"momentum": (0.0, 0.5), "eps": (1e-12, 1.0)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("momentum_weigh=old", "momentum_weigh: unknown attribute, did you mean momentum_weighs?"),
        (
            "momentum_weighs",
            "expected NAME=VALUE such as momentum_weighs=old, got 'momentum_weighs'",
        ),
        ("=old", "expected NAME=VALUE"),
        (
            "momentum_weighs=odl",
            'expected "new" (PyTorch) or "old" (Keras, Flax, ONNX), got \'odl\', did you mean old?',
        ),
        ("momentum_weighs=", "got ''"),
        ("ranks=1,2", "ranks: expected some of 2, 3, 4, 5 as a tuple, got '1,2'"),
        ("ranks=2,", "got '2,'"),
        ("eps=1e-5", "--declare eps: unknown attribute, did you mean fixed=eps:1e-5?"),
        ("shape=8x64", "shape: unknown attribute, did you mean fixed=shape:8x64?"),
        ("eps=small", "eps: unknown attribute, did you mean fixed=eps:VALUE?"),
        ("ranks=(2,4)", "got '(2,4)', did you mean ranks=2,4?"),
        ("ranks=[2, 4]", "did you mean ranks=2,4?"),
        ("dtypes=('float32',)", "did you mean dtypes=float32?"),
        ("fixed={'eps': 1e-5}", "did you mean fixed=eps:1e-05?"),
        ("ranks=(7)", "got '(7)'"),
        ("cumulative=yes", "cumulative: expected True or False, got 'yes'"),
        ("running_variance=2:biased,2:unbiased", "got '2:biased,2:unbiased'"),
        ("running_variance=6:biased", "got '6:biased'"),
        ("accuracy=float33:one-pass", "got 'float33:one-pass'"),
        ("accepts=eps:1..1e-12", "got 'eps:1..1e-12'"),
        ("accepts=eps:nan..1", "got 'eps:nan..1'"),
        ("fixed=eps:nan", "got 'eps:nan'"),
        ("fixed=eps:-1", "got 'eps:-1'"),
        ("fixed=channels:0", "got 'channels:0'"),
        ("fixed=shape:8", "got 'shape:8'"),
        ("fixed=shape:8x4,channels:5", "got 'shape:8x4,channels:5'"),
        ("fixed=nothing:1", "got 'nothing:1'"),
        ("name=mine", "name: unknown attribute"),
        ("mom\x1b[31m=old", "--declare mom [31m: unknown attribute"),
        (f"{'a' * 500}=1", "aaa...: unknown attribute"),
        ("methods=train", "methods: unknown attribute"),
    ],
)
def test_wrong_declaration_is_said_in_one_line(text: str, said: str) -> None:
    """Catches a slip that is taken for a declaration, or one without a way out."""
    with pytest.raises(DeclarationError) as refusal:
        outside_of([text])
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("--declare")
    assert "\n" not in str(refusal.value)


def test_two_values_of_one_attribute_are_refused() -> None:
    """Catches the last one of two contradicting flags that silently wins."""
    with pytest.raises(DeclarationError, match="expected one value, got two different ones"):
        outside_of(["ranks=2", "ranks=4"])
    assert outside_of(["ranks=2", "ranks=2"]).declared == {"ranks": (2,)}


@pytest.mark.parametrize("part", list(Part))
def test_parts(part: Part) -> None:
    """Catches a part that cannot be named, also with underscores."""
    assert outside_of(without=[part, part.replace("-", "_")]).without == (part,)


def test_unknown_part() -> None:
    """Catches a part that does not exist and has no effect."""
    with pytest.raises(DeclarationError, match="did you mean evaluation") as refusal:
        outside_of(without=["evalution"])
    assert "--without: expected one of running-statistics, evaluation" in str(refusal.value)


def test_flag_with_a_space_is_quoted() -> None:
    """Catches a flag that a shell takes apart."""
    quoted = '--declare accuracy="low-precision statistics"'
    assert flag("accuracy", "low-precision statistics") == quoted


def test_what_is_read_is_of_the_contract() -> None:
    """Catches a reader with checks of its own, which the contract does not share."""
    for name, text, value in READ:
        assert accepted(name, outside_of([f"{name}={text}"]).declared[name]) == value
