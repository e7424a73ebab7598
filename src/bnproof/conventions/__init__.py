"""Conventions of batch normalization: those of libraries as data, those of a target by probing."""
