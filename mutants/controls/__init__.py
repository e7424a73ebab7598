"""Right implementations, by other algorithms and in other memory: none may be rejected."""
