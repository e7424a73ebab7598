"""Wrong on purpose, a few lines each, named for the mistake.

A mutant is `bnproof.mutants.parts.Parts`, which is right, with one step replaced.  A file per
family; `bnproof.mutants.catalogue` has all of them.  `bnproof.mutants.controls` are right, by
other algorithms and memory layouts: a suite that rejects one of these is wrong itself.
"""
