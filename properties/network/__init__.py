"""What must hold of batch normalization in a network, as the lectures tell it.

The subjects are a layer, a linear map with batch normalization behind it, and the four optimizers.
"""

from bnproof.properties.network.catalogue import NETWORK_PROPERTIES
from bnproof.properties.network.subject import Finding, Layer, NetworkProperty, Trajectory

__all__ = ["NETWORK_PROPERTIES", "Finding", "Layer", "NetworkProperty", "Trajectory"]
