"""Makes the font of the specification's page: the signs it uses, of Latin Modern Math.

Usage: python docs/subset_font.py latinmodern-math.otf   (needs fonttools and brotli)
"""

import subprocess
import sys
from pathlib import Path

from bnproof.spec.publishing.glyphs import used

TARGET = Path(__file__).parents[1] / "spec" / "publishing" / "latin-modern-math-subset.woff2"


def main() -> None:
    """Collect the signs of both notations, and cut the font down to them."""
    unicodes = ",".join(f"U+{code:X}" for code in sorted(used()))
    command = [sys.executable, "-m", "fontTools.subset", sys.argv[1], f"--unicodes={unicodes}"]
    command += ["--layout-features=*", "--flavor=woff2", f"--output-file={TARGET}"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
