"""One check: brings engine, properties and targets together."""
