"""How much each profile searches beside the portfolio."""

SEARCHED = {"quick": 0, "standard": 100, "thorough": 2000}
"""Searched cases per dtype that a profile promises."""

LIVES = {"quick": 0, "standard": 15, "thorough": 300}
"""Searched lives of layers, where there are layers."""
