"""What is said of a recognised implementation on a few small cases."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tests.few_cases import few

from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.records import Records
from bnproof.properties.catalogue import chosen
from bnproof.recognition.functions import recognise_functions


@lru_cache
def made_of(*functions: Any) -> Any:
    """The one implementation that functions stand for."""
    found = recognise_functions(functions if len(functions) > 1 else functions[0])
    assert found is not None
    (made,) = found
    return made


def violated(made: Any, dtype: str = "", **declared: Any) -> set[str]:
    """The properties that a few cases violate; one value per channel is left out."""
    for name, value in _policies(declared).items():
        setattr(made, name, value)
    declaration = declaration_of(made)
    session, judge = InProcess(made).try_out(), Judge(declaration, dtype or declaration.dtypes[-1])
    cases = [c for c in few(declaration, judge.dtype) if c.calls != "layer"]
    by_rank = (c for rank in made.ranks for c in [c for c in cases if c.x.ndim == rank][:8])
    records = Records(declaration, tuple(judge.judge(c, session.run(c)) for c in by_rank))
    return {p.id for p in chosen(()) if any(not check.holds for check in p.compare(records))}


def _policies(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {"single_value": "undefined", "empty": "undefined", **declared}
