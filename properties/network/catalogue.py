"""All properties of a network, in the order of the lectures."""

from bnproof.engine.network.network_property import NetworkProperty
from bnproof.properties.network import inference, layer, noise, optimizers, weights
from bnproof.registration import defined_in

FILES = (layer, optimizers, weights, noise, inference)
"""The files of properties, in the order of the lectures."""

NETWORK_PROPERTIES = tuple(p for subject in FILES for p in defined_in(subject, NetworkProperty))
"""Properties of layers and of optimizers."""
