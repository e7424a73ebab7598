"""A verification suite for batch normalization."""

from bnproof.idea_folders import find_in_checkout

find_in_checkout()
