"""Experiments to run and to look at: each claim of the lectures as numbers and as a picture."""
