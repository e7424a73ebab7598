"""Known failures: the file, its entries, and what a check makes of them."""
