"""The contract that an implementation fulfils, and what it may declare about itself."""
