"""The floating-point formats that batch normalization is stored and computed in."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
"""An array of any of the four formats; the functions that take one say which."""


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes:
        name: as NumPy prints it, for instance ``"bfloat16"``.
        dtype: the NumPy dtype.
        u: unit roundoff, half the distance from 1 to the next larger number.
        tiny: smallest positive normal number.
        sub: smallest positive subnormal number.
        max: largest finite number.
    """

    name: str
    dtype: np.dtype[Any]
    u: float
    tiny: float
    sub: float
    max: float

    @property
    def is_16_bit(self) -> bool:
        """Whether numbers are stored in 16 bits, and so computed with in float32.

        >>> FORMATS["bfloat16"].is_16_bit, FORMATS["float32"].is_16_bit
        (True, False)
        """
        return self.dtype.itemsize == 2

    @property
    def compute(self) -> "Format":
        """The format of intermediates: float32 for 16-bit storage, otherwise the format itself.

        >>> FORMATS["float16"].compute.name
        'float32'
        """
        return FORMATS["float32"] if self.is_16_bit else self

    def round(self, values: ArrayLike) -> Array:
        """Values rounded to the nearest finite number of the format, as an array of its dtype.

        >>> FORMATS["float16"].round([0.1, 1e9]).astype(float).tolist()
        [0.0999755859375, 65504.0]
        """
        wide = np.clip(np.asarray(values, np.float64), -self.max, self.max)
        with np.errstate(over="ignore", under="ignore"):
            return wide.astype(self.dtype)


def _format(name: str, dtype: Any, bits: int, tiny: int, sub: int, largest: float) -> Format:
    return Format(name, np.dtype(dtype), 2.0**-bits, 2.0**tiny, 2.0**sub, largest)


FORMATS = {
    "float64": _format("float64", np.float64, 53, -1022, -1074, float(np.finfo(np.float64).max)),
    "float32": _format("float32", np.float32, 24, -126, -149, float(np.finfo(np.float32).max)),
    "bfloat16": _format("bfloat16", ml_dtypes.bfloat16, 8, -126, -133, 2.0**127 * (2 - 2.0**-7)),
    "float16": _format("float16", np.float16, 11, -14, -24, 65504.0),
}
"""The four formats, by name."""


def format_of(dtype: Any) -> Format:
    """The format of a dtype.

    Raises KeyError for a dtype that is none of the four.

    >>> format_of(np.float32).sub == 2.0 ** -149
    True
    """
    return FORMATS[name_of(np.dtype(dtype))]


@lru_cache(maxsize=64)
def name_of(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, which NumPy forms anew each time that it is asked.

    >>> name_of(np.dtype(ml_dtypes.bfloat16))
    'bfloat16'
    """
    return str(dtype.name)
