"""What must hold of batch normalization in a network, as the lectures teach it.

The subjects are a layer, a linear map with batch normalization behind it, and the four optimizers.
"""

from bnproof.engine.network.interfaces import Layer, Trajectory
from bnproof.engine.network.network_property import Finding, NetworkProperty
from bnproof.properties.network.catalogue import NETWORK_PROPERTIES

__all__ = ["NETWORK_PROPERTIES", "Finding", "Layer", "NetworkProperty", "Trajectory"]
