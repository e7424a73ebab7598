"""What batch normalization computes, in minimal NumPy."""
