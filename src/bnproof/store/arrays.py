"""Arrays as text, bit for bit: hexadecimal numbers where there are few, base64 otherwise."""

import base64
import binascii
import math
from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.store.fields import Fields, StoreError

READABLE = 256  # elements that are written as hexadecimal numbers
LARGEST = 2**26  # elements that a memory layout may take in all
DTYPES: dict[str, np.dtype[Any]] = {
    **{name: held.dtype for name, held in FORMATS.items()},
    "int64": np.dtype(np.int64),
    "bool": np.dtype(np.bool_),
}


def to_table(a: Array) -> dict[str, Any]:
    """An array as dtype, shape and values; its memory is C-ordered when it is read again.

    >>> to_table(np.array([0.5, -2.0], np.float32))
    {'dtype': 'float32', 'shape': [2], 'values': '0x1p-1 -0x1p+1'}
    """
    plain = np.ascontiguousarray(a).reshape(a.shape)
    made: dict[str, Any] = {"dtype": plain.dtype.name, "shape": list(plain.shape)}
    if plain.size <= READABLE:
        made["values"] = " ".join(_written(value) for value in plain.ravel())
        if _read_values(made["values"], plain.dtype).tobytes() == plain.tobytes():
            return made
        del made["values"]  # a NaN has more bits than its name
    little = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    return {**made, "base64": base64.b64encode(little.tobytes()).decode("ascii")}


def from_table(fields: Fields, dtypes: tuple[str, ...] = tuple(FORMATS)) -> Array:
    """An array from such a table; its size is known to be there before it is made.

    Raises StoreError for anything else.
    """
    fields.only(("dtype", "shape", "values", "base64"))
    dtype = DTYPES[fields.one_of("dtype", dtypes)]
    shape = shape_of(fields)
    if ("values" in fields) == ("base64" in fields):
        raise StoreError(f"{fields.where}: due is one of values and base64")
    flat = _values(fields, dtype) if "values" in fields else _bytes(fields, dtype, math.prod(shape))
    if flat.size != math.prod(shape):
        raise StoreError(f"{fields.where}: {flat.size} values for a shape of {math.prod(shape)}")
    return flat.reshape(shape)


def shape_of(fields: Fields) -> tuple[int, ...]:
    """A shape, whose layouts take at most `LARGEST` elements of memory."""
    sides = fields.get("shape", list, "a list of sizes")
    due = f"at most 5 sizes, which take at most {LARGEST} elements of memory"
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
    if len(sides) > 5 or not whole or any(not 0 <= side <= LARGEST for side in sides):
        raise fields.wrong("shape", due)
    if math.prod(side + 2 for side in sides) > LARGEST:  # the layout "middle"
        raise fields.wrong("shape", due)
    return tuple(sides)


def _written(value: Any) -> str:
    whole = isinstance(value, np.integer | np.bool_)
    return str(int(value)) if whole else hexadecimal(float(value))


def hexadecimal(value: float) -> str:
    """A number in hexadecimal, without the zeros at its end.

    >>> hexadecimal(0.1875), hexadecimal(float("inf"))
    ('0x1.8p-3', 'inf')
    """
    digits, power, exponent = value.hex().partition("p")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}{power}{exponent}"


def _values(fields: Fields, dtype: np.dtype[Any]) -> Array:
    text = fields.get("values", str, "numbers, as 0x1.8p-3 0x1p0")
    try:
        return _read_values(text, dtype)
    except (ValueError, OverflowError):
        raise StoreError(f"{fields.where}: values are not numbers of {dtype.name}") from None


def _read_values(text: str, dtype: np.dtype[Any]) -> Array:
    """Numbers of a dtype; ValueError where one of them is none."""
    if dtype.kind in "ib":
        return np.array([int(word) for word in text.split()], dtype)
    wide = np.array([float.fromhex(word) for word in text.split()], np.float64)
    with np.errstate(all="ignore"):
        made = wide.astype(dtype)
        if not np.array_equal(made.astype(np.float64), wide, equal_nan=True):
            raise ValueError
    return made


def _bytes(fields: Fields, dtype: np.dtype[Any], count: int) -> Array:
    text = fields.get("base64", str, "bytes in base64")
    due = 4 * math.ceil(count * dtype.itemsize / 3)
    if len(text) != due:
        raise StoreError(f"{fields.where}: base64 has {len(text)} characters; due are {due}")
    try:
        held = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise StoreError(f"{fields.where}: base64 is not of its form") from None
    if len(held) != count * dtype.itemsize:
        raise StoreError(f"{fields.where}: {len(held)} bytes for {count} of {dtype.name}")
    return np.frombuffer(held, dtype.newbyteorder("<")).astype(dtype)
