"""Exact batch normalization, and the error bounds derived for it."""
