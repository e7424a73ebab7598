"""Adapters to start from: texts of Python files, each with a right implementation inside."""
