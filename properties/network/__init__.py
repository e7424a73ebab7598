"""What must hold of batch normalization in a network, as the lectures teach it.

The subjects are a layer, a linear map with batch normalization behind it, and the four optimizers.
"""

from bnproof.properties.network.catalogue import NETWORK_PROPERTIES
from bnproof.properties.network.property import Finding, NetworkProperty
from bnproof.properties.network.subject import Layer, Trajectory

__all__ = ["NETWORK_PROPERTIES", "Finding", "Layer", "NetworkProperty", "Trajectory"]
