"""The conventions of libraries as data, and settings translated between them."""
