"""Adapters, one file per library."""
