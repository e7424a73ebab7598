"""Attributes of an implementation that look like one of the contract's, and are none.

Everything in the contract has a default, so a misspelt attribute changes nothing: without a hint it
would be told by failures that nobody understands.
"""

import difflib

from bnproof.properties.contract import ATTRIBUTES, METHODS

CLOSE = 0.8
OWN = ("running_mean", "running_var", "momentum", "eps", "gamma", "beta", "channels", "shape")
"""What an implementation may well have for itself."""
SYNONYMS = {
    "forward": "train",
    "fit": "train",
    "training": "train",
    "evaluate": "infer",
    "eval": "infer",
    "inference": "infer",
    "predict": "infer",
    "test": "infer",
    "make_layer": "layer",
    "axis": "channel_axis",
}
"""Other names of the same things."""


def misspelt(implementation: object) -> list[str]:
    """A sentence for each attribute that was probably meant to be one of the contract's.

    >>> class Mine:
    ...     momentum_weigh = "old"
    >>> misspelt(Mine())
    ['momentum_weigh is no attribute of the contract, did you mean momentum_weighs?']
    """
    known = (*ATTRIBUTES, *METHODS, "name", "version")
    names = [name for name in dir(implementation) if not name.startswith("_")]
    found = {name: _meant(name) for name in names if name not in known}
    return [
        f"{name} is no attribute of the contract, did you mean {meant}?"
        for name, meant in found.items()
        if meant and meant not in names
    ]


def _meant(name: str) -> str:
    if name in OWN:
        return ""
    known = (*ATTRIBUTES, *METHODS)
    plain = name.lower().replace("-", "_")
    close = difflib.get_close_matches(plain, known, n=1, cutoff=CLOSE)
    return close[0] if close else SYNONYMS.get(plain, "")
