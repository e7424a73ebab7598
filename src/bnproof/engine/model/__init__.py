"""Plain data: formats, cases, scripts, observations, results."""
