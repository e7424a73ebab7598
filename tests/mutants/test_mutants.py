"""The library of mutants: well formed, and each rejected by a property that is expected to."""

import re

import numpy as np
import pytest

from bnproof.mutants.catalogue import BY_ID, FAMILIES, MUTANTS, distinct, mutant_of
from bnproof.mutants.decorators import registered
from bnproof.mutants.graded import SIZES
from bnproof.mutants.mutant import Mutant
from bnproof.properties.catalogue import PROPERTIES, chosen
from bnproof.selftest.rejection import first_failures

LARGE = {  # shown by sizes that the quick profile leaves out
    "limits/channels-beyond-65535",
    "limits/values-beyond-32767",
    "limits/count-of-bits-15",
    "limits/count-of-bits-16",
    "instances/noise-if-large",
    "instances/noisy-gradients-if-large",
    "instances/pool-of-large-results",
    "instances/context-of-last-large-call",
    "instances/large-backward-once",
}
SHARPEST = min(SIZES)
TURN = 10  # without --whole, one in so many mutants is judged
JUDGED = [
    mutant
    for mutant in MUTANTS
    if mutant.family != "graded" or mutant.shown().size == SHARPEST  # then the larger ones are seen
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All mutants with --whole, one in ten without."""
    if "judged" in metafunc.fixturenames:
        whole = metafunc.config.getoption("whole")
        chosen = JUDGED if whole else JUDGED[::TURN]
        metafunc.parametrize("judged", chosen, ids=[mutant.id for mutant in chosen])


@pytest.mark.filterwarnings("ignore")  # a mutant may divide by 0
def test_mutant_is_rejected_by_what_it_names(judged: Mutant) -> None:
    """A property or a case that is missing lets one pass."""
    quick = judged.id not in LARGE and not judged.shown_by
    expected, begin = chosen(judged.caught_by), judged.shown_by

    assert any(
        first_failures(judged.shown(), dtype, expected, quick=quick, begin=begin)
        for dtype in judged.dtypes
    )


def test_ids_are_unique_and_say_the_family() -> None:
    """Two mutants of one name would be one in every table."""
    assert len(BY_ID) == len(MUTANTS)
    for mutant in MUTANTS:
        assert re.fullmatch(r"[a-z-]+/[a-z0-9.-]+", mutant.id), mutant.id
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2].replace("_", "-")
        assert {m.family for m in registered(family, Mutant)} == {name}


def test_there_are_enough_distinct_mistakes() -> None:
    """Graded copies count once."""
    assert distinct() >= 150


def test_every_property_is_expected_to_see_something() -> None:
    """A property that sees no mutant may be vacuous; tests/modules has those of whole modules."""
    named = {id_ for mutant in MUTANTS for id_ in mutant.caught_by}
    modules = {p.id for p in chosen(("module/*",))}

    assert {p.id for p in PROPERTIES} - named == modules


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.id)
def test_mutant_is_well_formed(mutant: Mutant) -> None:
    """What is said of it is read by people and looked up by the reports."""
    assert set(mutant.caught_by) <= {p.id for p in PROPERTIES}
    assert mutant.caught_by
    for issue in mutant.issues:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", issue), issue
    for sentence in (mutant.mistake, mutant.repair):
        assert sentence.endswith(".")
        assert len(sentence) <= 120


@pytest.mark.filterwarnings("ignore")  # a mutant may divide by 0
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.id)
def test_mutant_takes_every_convention_and_dtype(mutant: Mutant) -> None:
    """For a diagnosis it runs in the conventions, dtype and rank of whoever is accused."""
    rng = np.random.default_rng(0)
    for dtype, rank, axis in (("float64", 2, 1), ("float32", 4, -1), ("float16", 4, 1)):
        made = mutant.make(running_variance="biased", momentum_weighs="old", channel_axis=axis)
        shape = (6, 3) if rank == 2 else (4, 3, 2, 2) if axis == 1 else (4, 2, 2, 3)
        x = rng.normal(size=shape).astype(dtype)
        kind = np.float64 if dtype == "float64" else np.float32
        gamma, beta, mean, var = (rng.uniform(1, 2, 3).astype(kind) for _ in range(4))
        *_, backward = made.train(x, gamma, beta, mean, var, momentum=0.75, eps=0.5)
        backward(x)
        *_, of_inference = made.infer(x, gamma, beta, mean, var, eps=0.5)
        of_inference(x)
        if mutant.family == "double-backward":
            backward.double(x, x, gamma, beta)
            of_inference.double(x, x, gamma, beta)
        if mutant.id != "degenerate/absent-gamma-refused-in-inference":
            seen = {"momentum": None, "batches_seen": 3, "eps": 0.5}
            made.train(x, None, None, mean, var, **seen)[3](x)
            made.infer(x, None, None, mean, var, eps=0.5)[3](x)


def test_unknown_mutant_is_told() -> None:
    """A misspelt id gets an answer."""
    with pytest.raises(LookupError, match="no mutant is called 'eps/nowhere'"):
        mutant_of("eps/nowhere")
