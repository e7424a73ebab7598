"""Naming the cause of a failure: known mistakes that reproduce what was observed."""
