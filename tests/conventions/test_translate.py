"""Settings are converted exactly, by the facts of the table, and what is lost is said."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnproof.conventions.libraries.entry import FACTS
from bnproof.conventions.libraries.numbers import complement, decimal, written
from bnproof.conventions.libraries.settings import SettingsError
from bnproof.conventions.libraries.table import LIBRARIES
from bnproof.conventions.libraries.translate import translate

EXPECTED = [
    # keras documents moving * momentum + batch * (1 - momentum), torch the other way round
    ("keras", "torch", {"momentum": "0.99", "eps": "1e-3"}, {"momentum": "0.01", "eps": "1e-3"}),
    ("torch", "keras", {"momentum": "0.1"}, {"momentum": "0.9", "epsilon": "1e-5"}),
    ("torch", "cudnn", {}, {"exponentialAverageFactor": "0.1", "epsilon": "1e-5"}),
    ("keras", "flax", {}, {"momentum": "0.99", "epsilon": "1e-3"}),
    ("haiku", "torch", {"decay_rate": "0.999"}, {"momentum": "1e-3", "eps": "1e-5"}),
    ("caffe", "onnx", {}, {"momentum": "0.999", "epsilon": "1e-5"}),
    ("torch", "haiku", {}, {"decay_rate": "0.9", "eps": "1e-5"}),
    ("torch", "tf", {"momentum": "1"}, {"exponential_avg_factor": "1.0", "epsilon": "1e-5"}),
    ("tensorflow", "torch", {"epsilon": "1e-7"}, {"momentum": "1.0", "eps": "1.001e-5"}),
    ("torch", "pytorch", {"momentum": "None"}, {"momentum": "None", "eps": "1e-5"}),
    ("torch", "chainer", {"momentum": "None"}, {"eps": "1e-5"}),
]


@pytest.mark.parametrize(("source", "target", "settings", "due"), EXPECTED)
def test_settings(source: str, target: str, settings: dict[str, str], due: dict[str, str]) -> None:
    """Catches a momentum the wrong way round, or a default of the wrong library."""
    assert translate(source, target, settings).settings == due


@given(st.decimals(0, 1, places=20))
def test_complement_is_exact(value: Decimal) -> None:
    """Catches 1 - 0.99 = 0.010000000000000009."""
    text = written(complement(value))

    assert Fraction(text) == 1 - Fraction(value)


@given(st.floats(0, 1e300))
def test_written_as_read(value: float) -> None:
    """Catches digits lost when a number is written."""
    read = decimal(repr(value))

    assert read is not None
    assert float(written(read)) == value


@pytest.mark.parametrize("settings", [("0.3", "1e-3"), ("0.875", "0.25")])
@pytest.mark.parametrize("library", [id_ for id_ in LIBRARIES if id_ != "onednn"])
def test_there_and_back(library: str, settings: tuple[str, str]) -> None:
    """Catches a conversion that is not the inverse of the one the other way."""
    given = dict(zip(("momentum", "eps"), settings, strict=True))

    back = translate(library, "torch", translate("torch", library, given).settings)

    assert back.settings == given


@pytest.mark.parametrize(
    ("sizes", "due"),
    [
        ({"values": "1568"}, "1568/1567 = 1.00063816"),
        ({"batch": "32", "spatial": "7x7"}, "1568/1567 = 1.00063816"),
        ({"batch": "2"}, "2/1 = 2 for N = 2"),
        ({"values": "1"}, "does not exist for N = 1"),
        ({}, "N the values per channel"),
    ],
)
def test_factor_of_the_variances(sizes: dict[str, str], due: str) -> None:
    """Catches a wrong Bessel factor, or N taken for known."""
    why = dict(translate("keras", "torch", sizes).lost)["running variance"]

    assert "biased variance, torch the unbiased one" in why
    assert due in why


def test_factor_the_other_way() -> None:
    """Catches the factor from biased to unbiased given for the other direction."""
    why = dict(translate("torch", "keras", {"values": "4"}).lost)["running variance"]

    assert "(N-1)/N = 3/4" in why


@pytest.mark.parametrize(
    ("source", "target", "settings", "what"),
    [
        ("torch", "keras", {"momentum": "None"}, "momentum"),
        ("torch", "onednn", {"momentum": "0.1"}, "momentum"),
        ("torch", "cudnn", {"eps": "1e-7"}, "epsilon"),
        ("keras", "torch", {}, "axis"),
        ("torch", "equinox", {}, "axis"),
        ("haiku", "torch", {}, "decay_rate"),
        ("torch", "mxnet", {}, "running variance"),
        ("caffe", "torch", {}, "first batches"),
    ],
)
def test_what_is_lost(source: str, target: str, settings: dict[str, str], what: str) -> None:
    """Catches a conversion that pretends to be whole."""
    assert what in dict(translate(source, target, settings).lost)


@pytest.mark.parametrize(
    ("source", "target", "due"),
    [
        ("torch", "keras", "axis=1"),
        ("keras", "paddle", 'data_format="NHWC"'),
        ("keras", "flax", ""),
        ("torch", "tfjs", "axis: 1"),
    ],
)
def test_axis(source: str, target: str, due: str) -> None:
    """Catches channels that would be taken from another axis than before."""
    line = translate(source, target, {}).line

    assert due in line
    assert ("axis" in line or "data_format" in line) == bool(due)


@pytest.mark.parametrize(
    ("source", "target", "settings", "message"),
    [
        ("kers", "torch", {}, "no library 'kers', did you mean keras?"),
        ("keras", "torch", {"momentum": "1.5"}, "momentum=1.5 is not between 0 and 1"),
        ("keras", "torch", {"momentum": "-0.1"}, "not between 0 and 1"),
        ("keras", "torch", {"momentum": "much"}, "momentum=much is not a number"),
        ("keras", "torch", {"momentum": "nan"}, "not a number"),
        ("keras", "torch", {"eps": "1e-999999999"}, "not a number"),
        ("keras", "torch", {"eps": "-1"}, "negative"),
        ("keras", "torch", {"momentun": "0.9"}, "did you mean momentum?"),
        ("keras", "torch", {"eps": "1", "epsilon": "1"}, "eps is given twice"),
        ("keras", "torch", {"momentum": "None"}, "keras has no momentum=None"),
        ("keras", "torch", {"batch": "0"}, "batch=0 is no size"),
        ("keras", "torch", {"spatial": "7x7"}, "without batch="),
        ("keras", "torch", {"values": "8", "batch": "8"}, "one or the other"),
        ("torch", "keras", {"axis": "-1"}, "no axis to choose"),
        ("keras", "torch", {"axis": "2"}, "axis=2 is not known"),
    ],
)
def test_wrong_usage(source: str, target: str, settings: dict[str, str], message: str) -> None:
    """Catches a slip that is taken for something, or answered at length."""
    with pytest.raises(SettingsError) as error:
        translate(source, target, settings)

    assert message in str(error.value)
    assert len(str(error.value).splitlines()) <= 2


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_fact_has_a_source(library: str) -> None:
    """Catches a fact that nobody can look up."""
    sources, start = LIBRARIES[library].sources, LIBRARIES[library].initial_variance

    assert set(sources) == {*FACTS} | (
        {"initial_variance"} if start not in ("", "given") else set()
    )
    assert all(sources.values())
