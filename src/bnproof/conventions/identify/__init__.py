"""The conventions of a target, found by probing it."""
