"""The theorems, a file per chapter; `bnproof.spec.contents` has them in order."""
