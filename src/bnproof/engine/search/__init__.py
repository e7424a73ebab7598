"""Cases beyond the portfolio, found by Hypothesis."""
