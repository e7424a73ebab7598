"""Files that hold counterexamples: those to replay, and those of known failures."""
