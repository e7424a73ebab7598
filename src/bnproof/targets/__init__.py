"""From a target's text to an implementation of the contract, and what it is recognised as."""
