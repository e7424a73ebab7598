"""All sentences about what the engine observed, built from its data and from nothing else.

They stand below judging, since results carry them as texts: ``detail`` and ``reason`` of saved
reports.  These modules import `bnproof.engine.model` and `bnproof.engine.contract` only, every
layer may use them, and nothing reads a sentence again once it is made.
"""
