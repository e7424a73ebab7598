"""All properties of a network, in the order of the lectures."""

from bnproof.properties.network import inference, layer, noise, optimizers, weights
from bnproof.properties.network.property import NetworkProperty
from bnproof.registration import defined_in

EXPECTED = (layer, optimizers, weights, noise, inference)
"""The files of properties, in the order of the lectures."""

NETWORK_PROPERTIES = tuple(p for subject in EXPECTED for p in defined_in(subject, NetworkProperty))
"""Properties of layers and of optimizers."""

OPTIMIZERS = tuple(p.id for p in defined_in(optimizers, NetworkProperty))
"""The ids of those that are about a `Trajectory`."""
