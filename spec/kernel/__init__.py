"""The proof kernel: exact algebra of finite sums with a symbolic number of terms.

`sums` writes them, `canonical` decides whether two are equal for every number of terms, and
`expectation` takes expectations over independent, identically distributed samples.
"""
