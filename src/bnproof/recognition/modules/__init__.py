"""Whole torch modules: what is tried on them beside calls, and what they promise."""
