"""What must hold of any batch normalization: statements only, one file per subject."""
