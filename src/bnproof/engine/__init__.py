"""The engine: judges one implementation of batch normalization; it knows no property."""
