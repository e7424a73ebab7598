"""``python -m bnproof``, the same as ``bnproof``."""

from bnproof.cli.main import main

if __name__ == "__main__":
    main()
