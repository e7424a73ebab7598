"""Wrong on purpose, a few lines each, named for the mistake."""
