"""Known failures of a test file: property id to reason, strict in both directions."""

from collections.abc import Mapping
from dataclasses import replace

from bnproof.check.one_target import UsageError
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.result import ENTRY, Result, Violation
from bnproof.targets.text import suggestion

FAILED = ("fail", "crashed", "timed-out")


def check_known(known: Mapping[str, str]) -> None:
    """Raise UsageError for a key that is not the id of a property, or ID[dtype].

    >>> check_known({"forward/agreement[float16]": "sums in 16 bits"})
    """
    from bnproof.check.one_implementation import PROPERTY_IDS  # noqa: PLC0415  # the costly part

    for key in known:
        name, bracket, dtype = key.partition("[")
        if name not in PROPERTY_IDS:
            hint = suggestion(name, list(PROPERTY_IDS))
            raise UsageError(f"known_failures: no property {name!r}{hint}")
        if bracket and dtype.removesuffix("]") not in FORMATS:
            raise UsageError(f"known_failures: no dtype {dtype.removesuffix(']')!r} in {key!r}")


def with_known(result: Result, known: Mapping[str, str]) -> Result:
    """A result, "known" if its failure is; a known failure that does not fail is one itself.

    >>> passed = Result("forward/sign", "", "", "float32", "pass")
    >>> with_known(passed, {"forward/sign[float32]": "wrong sign"}).violations[0].detail
    'fixed: remove this entry from known_failures, forward/sign[float32]'
    """
    exact = f"{result.property}[{result.dtype}]"
    key = exact if exact in known else result.property
    if key not in known:
        return result
    if result.verdict in FAILED:
        return replace(result, verdict="known", reason=known[key])
    return replace(result, verdict="fail", violations=(_stale(result, key),), reason="")


def _stale(result: Result, key: str) -> Violation:
    found = f"unsupported ({result.reason})" if result.verdict == "unsupported" else "fixed"
    detail = f"{found}: remove this entry from known_failures, {key}"
    if found == "fixed" and "[" not in key:
        detail += f"; if it still fails in another dtype, write {key}[DTYPE]"
    return Violation(case="", case_name="", output=ENTRY, detail=detail)
