"""From the text of a target to an implementation of the contract."""
