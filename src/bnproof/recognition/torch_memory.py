"""Memory that torch itself misreads, which is therefore copied for it.

The text of this file is a part of stand-alone scripts.
"""

from typing import Any


def is_misread(a: Any) -> bool:
    """Whether torch 2.13 may take an array's memory for that of another layout.

    Of one sample with a single row of positions, (1, C, H, 1) say, the strides of the channels and
    of the positions alone tell C-ordered memory from Fortran-ordered memory.  torch's batch_norm
    on the CPU gives wrong gradients where x is laid out in one way and dy in the other: all 32
    such pairs of shapes up to 3x3x3x3, and no others.

    >>> import numpy as np
    >>> is_misread(np.zeros((1, 2, 3, 1))), is_misread(np.zeros((2, 2, 3, 1)))
    (True, False)
    """
    rows = [side for side in a.shape[2:] if side > 1]
    return bool(a.ndim > 2 and a.shape[0] == 1 and len(rows) == 1)
