"""From observations to records, comparisons, verdicts and counterexamples."""
