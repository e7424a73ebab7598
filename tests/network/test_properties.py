"""The properties of a network: the reference and PyTorch have them, and wrong ones have not."""

import re
from typing import Any

import pytest
from tests.network import wrong
from tests.network.subjects import ReferenceLayer, TorchLayer, by_reference, by_torch

from bnproof.engine.network.scatter import exact_variance, first_order
from bnproof.properties.catalogue import PROPERTIES
from bnproof.properties.network import NETWORK_PROPERTIES, NetworkProperty, optimizers
from bnproof.registration import defined_in
from bnproof.spec.contents import THEOREMS

LAYERS = {"reference": ReferenceLayer(), "torch": TorchLayer()}
TRAJECTORIES = {"reference": by_reference, "torch": by_torch}
OPTIMIZERS = {p.id for p in defined_in(optimizers, NetworkProperty)}
BY_ID = {p.id: p for p in NETWORK_PROPERTIES}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("property_", NETWORK_PROPERTIES, ids=lambda p: p.id)
def test_right_subjects_have_each_property(property_: Any, name: str, record_property: Any) -> None:
    """Catch a mistake of the reference, and a bound that accuses a right implementation."""
    subject = (TRAJECTORIES if property_.id in OPTIMIZERS else LAYERS)[name]
    findings = list(property_.compare(subject))
    worst = max(findings, key=lambda f: f.ratio)
    record_property("comparisons", len(findings))
    record_property("error/bound", float(worst.ratio))  # xdist passes on plain numbers

    assert worst.holds, worst


@pytest.mark.parametrize("id_", wrong.LAYERS)
def test_a_wrong_layer_is_rejected(id_: str) -> None:
    """Catch a property that lets pass what it is about, as by an infinite bound."""
    assert not all(f.holds for f in BY_ID[id_].compare(wrong.LAYERS[id_]))


@pytest.mark.parametrize(("id_", "trajectory"), wrong.TRAJECTORIES)
def test_a_wrong_optimizer_is_rejected(id_: str, trajectory: Any) -> None:
    """Catch bounds so wide that a mistake of the recurrence, or of 2^-40 of it, fits in them."""
    assert not all(f.holds for f in BY_ID[id_].compare(trajectory))


def test_every_property_rejects_something() -> None:
    """Catch a property for which nobody has tried whether it can fail."""
    assert {*wrong.LAYERS, *(id_ for id_, _ in wrong.TRAJECTORIES)} == set(BY_ID)


def test_ids_are_new_and_theorems_exist() -> None:
    """Catch an id that is used twice, and a theorem that the specification does not have."""
    assert len(BY_ID) == len(NETWORK_PROPERTIES)
    assert not set(BY_ID) & {p.id for p in PROPERTIES}
    for p in NETWORK_PROPERTIES:
        assert re.fullmatch(r"network/[a-z-]+", p.id)
        assert p.theorem in THEOREMS, p.id
        assert p.statement.endswith(".")


@pytest.mark.parametrize("z", [0.0, 1.0, 2.0])
def test_the_noise_theorem_is_of_first_order(z: float) -> None:
    """Catch a formula whose distance from the exact variance does not fall as 1/m^2.

    If exact - first order = a / m^2 + O(1/m^3), then m^2 times it changes by O(1/m) when m is
    doubled; were it of order 1/m, it would double.
    """
    scaled = [m**2 * (exact_variance(z, m) - first_order(z, m)) for m in (2**9, 2**10, 2**11)]

    assert abs(scaled[2] - scaled[1]) < abs(scaled[1] - scaled[0]) < 0.1 * (1 + z * z)
