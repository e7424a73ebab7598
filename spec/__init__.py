"""What batch normalization is: definitions, derivations and theorems."""
