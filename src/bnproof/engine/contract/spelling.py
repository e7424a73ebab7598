"""Attributes of an implementation that look like one of the contract's, and are none.

Everything in the contract has a default, so a misspelt attribute changes nothing: without a hint it
would be told by failures that nobody understands.  A class that does not mean the contract gets no
hint: it may have a method ``eval`` or an attribute ``rank`` for itself.
"""

import difflib
from types import SimpleNamespace

from bnproof.engine.contract.declaration import ATTRIBUTES
from bnproof.engine.contract.signatures import fits_contract, means_contract
from bnproof.engine.model.names import METHODS

CLOSE = 0.8
LEAST = 5
"""Letters of a name from which a similar one is a slip; many words are similar to shorter ones."""

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
    """A hint for each attribute that was probably meant to be one of the contract's.

    >>> class Mine:
    ...     momentum_weigh = "old"
    ...     def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps): ...
    >>> misspelt(Mine())
    ['unknown attribute momentum_weigh (did you mean momentum_weighs?)']
    """
    whole = fits_contract(implementation) or means_contract(implementation)
    known = (*ATTRIBUTES, *METHODS, "name", "version")
    names = [name for name in dir(implementation) if not name.startswith("_")]
    found = {name: _meant(name) for name in names if name not in known}
    return [
        f"unknown attribute {name} (did you mean {meant}?)"
        for name, meant in found.items()
        if meant and meant not in names and (whole or _takes_its_place(implementation, name, meant))
    ]


def _takes_its_place(implementation: object, name: str, meant: str) -> bool:
    """Whether a method can be called as the contract calls the method that it was meant to be."""
    return fits_contract(SimpleNamespace(**{meant: getattr(implementation, name, None)}))


def _meant(name: str) -> str:
    if name in OWN:
        return ""
    known = (*ATTRIBUTES, *METHODS)
    plain = name.lower().replace("-", "_")
    long = [each for each in known if len(each) >= LEAST]
    close = difflib.get_close_matches(plain, long, n=1, cutoff=CLOSE)
    return close[0] if close else SYNONYMS.get(plain, "")
