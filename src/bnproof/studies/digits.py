"""A small set of digits to learn from: ten bitmaps of 5 by 7, drawn with noise."""

import numpy as np

from bnproof.reference import one_hot
from bnproof.reference.checks import Array

BITMAPS = (
    ".###. #...# #..## #.#.# ##..# #...# .###.",
    "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
    ".###. #...# ....# ...#. ..#.. .#... #####",
    "##### ...#. ..#.. ...#. ....# #...# .###.",
    "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
    "##### #.... ####. ....# ....# #...# .###.",
    "..##. .#... #.... ####. #...# #...# .###.",
    "##### ....# ...#. ..#.. .#... .#... .#...",
    ".###. #...# #...# .###. #...# #...# .###.",
    ".###. #...# #...# .#### ....# ...#. .##..",
)
"""The digits 0 to 9, seven rows each; # is ink."""

INPUTS = 35
CLASSES = len(BITMAPS)


def templates() -> Array:
    """The bitmaps as columns (35, 10): 1 for ink, 0 for paper.

    >>> templates().sum(axis=0).astype(int).tolist()[:3]
    [19, 10, 14]
    """
    signs = [[float(sign == "#") for sign in bitmap.replace(" ", "")] for bitmap in BITMAPS]
    return np.array(signs).T


def drawn(
    count: int, rng: np.random.Generator, *, noise: float = 0.35, flipped: float = 0.06
) -> tuple[Array, Array]:
    """Return X (35, count) and Y (10, count): digits with some pixels flipped, and noise on all.

    noise is the standard deviation of what is added to each pixel, flipped the share of pixels
    that change from ink to paper or back.

    >>> X, Y = drawn(5, np.random.default_rng(0))
    >>> X.shape, Y.shape, Y.sum(axis=0).tolist()
    ((35, 5), (10, 5), [1.0, 1.0, 1.0, 1.0, 1.0])
    """
    labels = rng.integers(CLASSES, size=count)
    ink = templates()[:, labels]
    ink = np.abs(ink - (rng.random(ink.shape) < flipped))
    return ink + noise * rng.normal(size=ink.shape), one_hot(labels, CLASSES)
