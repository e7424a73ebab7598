"""Known failures of a test file: property id to reason, strict in both directions.

A reason accepts a whole property, whichever case fails, and several tests with reasons of their own
share one check.  So it is applied to a verdict that is reached, where the engine asks an entry of a
file; what a known failure and a stale entry make of a result is the same for both.
"""

from collections.abc import Mapping

from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.result import Result
from bnproof.engine.model.verdict import FAILED
from bnproof.engine.wording.text import suggestion
from bnproof.known_failures.settlement import about_an_entry, known, stale


class UnknownKeyError(LookupError):
    """A key of known failures that is neither the id of a property nor ID[dtype]."""


def check_keys(reasons: Mapping[str, str]) -> None:
    """Raise UnknownKeyError for a key that is not the id of a property, or ID[dtype].

    >>> check_keys({"forward/agreement[float16]": "sums in 16 bits"})
    """
    from bnproof.properties.catalogue import PROPERTIES  # noqa: PLC0415  # the costly part

    ids = [each.id for each in PROPERTIES]
    for key in reasons:
        name, bracket, dtype = key.partition("[")
        if name not in ids:
            raise UnknownKeyError(f"known_failures: no property {name!r}{suggestion(name, ids)}")
        if bracket and dtype.removesuffix("]") not in FORMATS:
            raise UnknownKeyError(
                f"known_failures: no dtype {dtype.removesuffix(']')!r} in {key!r}"
            )


def with_reasons(result: Result, reasons: Mapping[str, str]) -> Result:
    """A result, "known" if its failure is; a known failure that does not fail is one itself.

    >>> passed = Result("forward/sign", "", "", "float32", "pass")
    >>> with_reasons(passed, {"forward/sign[float32]": "wrong sign"}).violations[0].detail
    'fixed: remove this entry from known_failures, forward/sign[float32]'
    """
    exact = f"{result.property}[{result.dtype}]"
    key = exact if exact in reasons else result.property
    if key not in reasons:
        return result
    if result.verdict in FAILED:
        return known(result, reasons[key])
    return stale(result, about_an_entry(_advice(result, key)))


def _advice(result: Result, key: str) -> str:
    found = f"unsupported ({result.reason})" if result.verdict == "unsupported" else "fixed"
    detail = f"{found}: remove this entry from known_failures, {key}"
    if found == "fixed" and "[" not in key:
        detail += f"; if it still fails in another dtype, write {key}[DTYPE]"
    return detail
