"""How much each profile searches beside the portfolio."""

from collections.abc import Mapping

from bnproof.engine.model.verdict import Profile

SEARCHED: Mapping[Profile, int] = {"quick": 0, "standard": 100, "thorough": 2000}
"""Searched cases per dtype that a profile promises."""

LIVES: Mapping[Profile, int] = {"quick": 0, "standard": 15, "thorough": 300}
"""Searched lives of layers, where there are layers."""
