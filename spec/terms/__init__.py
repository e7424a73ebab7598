"""What theorems are written in: the language of formulas, claims, and the theorem itself."""
