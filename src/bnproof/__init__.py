"""A verification suite for batch normalization."""
