"""Results where arguments are NaN or infinite: each element is held against the kinds allowed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.comparison import SHOWN, Comparison, Element, of_call
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.calls import Call
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Output
from bnproof.engine.truth.integers import Exact
from bnproof.engine.truth.nonfinite import ANY, MINUS, NAMES, NAN, NUMBER, PLUS
from bnproof.engine.truth.oracle import error
from bnproof.engine.truth.spoiled import Kinds

LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, eq=False)
class Spoiled(Judged):
    """A result some of whose elements may not be numbers.

    The error is 0 for an element of an allowed kind, and infinite for another kind.

    Attributes:
        allowed: the set of kinds of each element.
    """

    allowed: Array


def have_kinds(declaration: Declaration) -> bool:
    """Whether the table of kinds is that of an implementation.

    It is about batch normalization alone: an activation behind it may make a number of NaN, and
    lets no gradient through it; a mask may hide it, and virtual batches confine it.
    """
    return declaration.is_plain and not declaration.mask


def spoiled(name: Output, got: Array, truth: Exact, bound: Array, kinds: Kinds) -> Spoiled:
    """Return a result held against the kinds that it may have, and against numbers.

    ``truth`` and ``bound`` are those of the case with numbers for all that is not finite.
    """
    allowed = kinds.by_output.get(name)
    if allowed is None:
        allowed = np.full(got.shape, NUMBER, np.uint8)
    high, low = (np.array(np.broadcast_to(a, got.shape)) for a in truth)
    bound = np.array(np.broadcast_to(bound, got.shape))
    seen = kinds_in(got)
    limit = np.broadcast_to(kinds.limit, got.shape) & (allowed == ANY) & (name != "dbeta")
    if name == "dgamma":  # gamma is 0 where truth is formed, which dgamma does not depend on
        high[limit], low[limit], bound[limit] = 0.0, 0.0, 0.0
    is_number = (allowed == NUMBER) | limit
    wrong_kind = np.where(seen & allowed, 0.0, np.inf)
    compared = (allowed == NUMBER) | (limit & (seen == NUMBER))
    off = np.where(compared, error(got, (high, low)), wrong_kind)
    bound = np.where(is_number, bound, np.where(allowed == ANY, np.inf, 0.0))
    want = np.select(
        [is_number, allowed == PLUS, allowed == MINUS], [high, np.inf, -np.inf], np.nan
    )
    return Spoiled(name, got, (want, np.where(is_number, low, 0.0)), off, bound, allowed)


def kinds_in(values: Array) -> Array:
    """Return the kind of each value.

    >>> kinds_in(np.array([0.5, np.nan, np.inf, -np.inf])).tolist() == [NUMBER, NAN, PLUS, MINUS]
    True
    """
    wide = np.asarray(values, np.float64)
    conditions = [np.isnan(wide), np.isposinf(wide), np.isneginf(wide)]
    return np.select(conditions, [NAN, PLUS, MINUS], NUMBER).astype(np.uint8)


def kinds_of_results(
    records: Records, record: Record, call: Call, *names: Output
) -> Iterator[Comparison]:
    """Compare results of a call with the kinds that they may have, in the order asked for."""
    plain = records.plain_of(record)
    for name in names:
        held = record.spoiled.get(call, {}).get(name)
        if isinstance(held, Spoiled):
            yield of_spoiled(record, call, held, plain)


def of_spoiled(record: Record, call: Call, judged: Spoiled, plain: Record | None) -> Comparison:
    """Compare a result with the kinds allowed, and its numbers with the truth.

    Where the result is wrong for ``plain``, the same data with numbers alone, that is for another
    property to say: here a number has to be a number.
    """
    bound = judged.bound
    first = None if plain is None else plain.of(call, judged.output)
    if first is not None and first.worst > 1:
        bound = np.where((judged.allowed == NUMBER) & np.isfinite(bound), LARGEST, bound)
    held = Judged(judged.output, judged.got, judged.truth, judged.error, bound)

    def elements() -> tuple[Element, ...]:
        worst = np.argsort(-held.ratios, axis=None, kind="stable")[:SHOWN]
        indices = (np.unravel_index(int(flat), held.ratios.shape) for flat in worst)
        return tuple(_element(held, judged.allowed, i) for i in indices if held.ratios[i] > 1)

    of, finding = of_call(call), None
    if np.isinf(held.worst):
        (_, actual, expected, *_), *_ = elements()
        finding = Event(
            EventKind.OTHER_KIND, call, judged.output, of, expected=expected, actual=actual
        )
    return Comparison(
        record, judged.output, of, held.worst, held.not_judged, finding, elements=elements
    )


def _element(held: Judged, allowed: Array, index: tuple[np.intp, ...]) -> Element:
    got, want = float(held.got[index]), float(held.truth[0][index])
    kind = NAMES.get(int(allowed[index]), f"{want:.9g}")
    at = tuple(map(int, index))
    return at, f"{got:.9g}", kind, f"{held.error[index]:.3g}", f"{held.bound[index]:.3g}"
