"""One result model, many renderings."""
