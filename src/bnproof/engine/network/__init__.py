"""Layers and optimizers of a network: what their properties compare, exactly and with bounds."""
