"""Settings as people write them: decimal numbers, kept exactly."""

from decimal import Context, Decimal, InvalidOperation

DIGITS = 400  # more than any float64 has before and after the point


def decimal(text: str) -> Decimal | None:
    """The number that a text stands for, None if it is none that a float64 can be.

    >>> decimal("1e-3"), decimal("one"), decimal("nan"), decimal("1e-999")
    (Decimal('0.001'), None, None, None)
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or (value != 0 and not 0 < abs(float(value)) < float("inf")):
        return None
    return value if len(value.as_tuple().digits) <= DIGITS else None


def complement(value: Decimal) -> Decimal:
    """1 - value, exactly.

    >>> complement(Decimal("0.99")), complement(Decimal("1e-30"))
    (Decimal('0.01'), Decimal('0.999999999999999999999999999999'))
    """
    return Context(prec=4 * DIGITS).subtract(Decimal(1), value)


def written(value: Decimal) -> str:
    """A number as a reader writes it: no trailing zeros, an exponent only for the very small.

    >>> [written(Decimal(text)) for text in ("0.10", "1e-05", "0.001", "1", "0")]
    ['0.1', '1e-5', '1e-3', '1.0', '0.0']
    """
    value = Context(prec=4 * DIGITS).normalize(value)
    digits, exponent = "".join(map(str, value.as_tuple().digits)), value.adjusted()
    if value == 0:
        return "0.0"
    if exponent >= -2:
        text = f"{value:f}"
        return text if "." in text else f"{text}.0"
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return f"{mantissa}e{exponent}"
