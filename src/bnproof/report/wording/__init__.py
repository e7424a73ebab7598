"""All sentences about what the engine observed, built from its data and from nothing else.

These modules import `bnproof.engine.model` and `bnproof.engine.contract` only, so that every layer
may use them; nothing reads a sentence again once it is made.
"""
