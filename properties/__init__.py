"""What must hold of any batch normalization, and the machinery that judges it."""
