"""What a property is: an id, a sentence, a theorem, needs, and one function over records."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.formats import FORMATS, Array

Row = tuple[str, str, str, str, str]
"""One element of a failure: index, got, want, error, bound."""


@dataclass(frozen=True, eq=False)
class Check:
    """One comparison that a property made on one record.

    Attributes:
        record: the case.
        output: what was compared, for instance "dx of infer".
        ratio: worst error/bound; above 1 is a violation, infinite where nothing is measured.
        not_judged: whether some of it has no bound.
        detail: one line, for a violation.
        elements: the worst elements, for a violation; made only when asked for.
        kind: "fail", "crashed" or "timed-out".
        event: the kind of event that was observed, "" where a number was compared.
    """

    record: Record
    output: str
    ratio: float
    not_judged: bool = False
    detail: str = ""
    elements: Callable[[], tuple[Row, ...]] = tuple
    kind: str = "fail"
    event: str = ""

    @property
    def holds(self) -> bool:
        """Whether the property holds here."""
        return self.ratio <= 1


@dataclass(frozen=True, eq=False)
class Records:
    """All records of one dtype, found by name where a relation needs another one."""

    declaration: Declaration
    all: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.all)

    @cached_property
    def by_name(self) -> dict[str, Record]:
        """Records by the name of their case."""
        return {record.case.name: record for record in self.all}

    def tagged(self, tag: str) -> Iterator[Record]:
        """Records of cases with a tag."""
        return (record for record in self.all if tag in record.case.tags)

    @cached_property
    def plain(self) -> dict[str, Record]:
        """The first record of each data set, its numbers finite and its arrays plain."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            ordinary = not case.layouts and "nonfinite" not in case.tags
            if ordinary and case.data_key and case.calls in ("full", "short"):
                found.setdefault(f"{case.data_key}, rank {case.x.ndim}", record)
        return found

    def plain_of(self, record: Record) -> Record | None:
        """The record of the same data in the same rank, finite and plain."""
        return self.plain.get(f"{record.case.data_key}, rank {record.case.x.ndim}")

    @cached_property
    def first(self) -> dict[str, Record]:
        """The first record of each data set, in whatever rank, its numbers finite."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            if case.data_key and not case.judged_channels and "nonfinite" not in case.tags:
                found.setdefault(case.data_key, record)
        return found

    def first_of(self, record: Record) -> Record | None:
        """The first record of the same data."""
        return self.first.get(record.case.data_key)

    def twins(self, relation: str) -> Iterator[tuple[Record, Record]]:
        """Pairs (base, twin) of a relation."""
        for record in self.all:
            twin = record.case.twin
            if twin is not None and twin.relation == relation and twin.of in self.by_name:
                yield self.by_name[twin.of], record


@dataclass(frozen=True)
class Property:
    """A property of any batch normalization.

    Attributes:
        id: permanent, kebab-case, never reused.
        statement: one sentence.
        theorem: id of the theorem of the specification behind it.
        needs: what an implementation has to allow and to offer, names of `NEEDS` and `RESULTS`.
        check: the comparisons that it makes on records.
        part: the optional part that it is about, as observations name what was offered.
    """

    id: str
    statement: str
    theorem: str
    needs: tuple[str, ...]
    check: Callable[[Records], Iterable[Check]] = field(repr=False)
    part: str = ""

    def unsupported(self, declaration: Declaration, dtype: str = "") -> str:
        """Why an implementation is not checked for this property, "" if it is.

        ``dtype`` narrows the question to one of the declared dtypes.
        """
        declared = replace(declaration, dtypes=(dtype,)) if dtype else declaration
        reasons = (NEEDS[need](declared) for need in self.needs if need in NEEDS)
        return next((reason for reason in reasons if reason), "")

    def not_offered(self, offers: Collection[str]) -> str:
        """Which result is missing that the property is about, "" if none is.

        ``offers`` are the optional parts that came back, as observations name them.
        """
        if self.part and self.part not in offers:
            return f"{self.part} is not offered"
        wanted = (RESULTS[need] for need in self.needs if need in RESULTS)
        return next((name for name, any_of in wanted if not any_of & set(offers)), "")

    def untested(self, declaration: Declaration, offers: Collection[str], dtype: str = "") -> str:
        """Why nothing is tested of an implementation that offers these parts, "" if it is."""
        return self.unsupported(declaration, dtype) or self.not_offered(offers)


def _method(name: str) -> Callable[[Declaration], str]:
    def need(declaration: Declaration) -> str:
        offered = name in declaration.methods or "layer" in declaration.methods
        return "" if offered else f"{name} is not offered"

    return need


def _fixed_shape(declaration: Declaration, names: tuple[str, ...], what: str) -> str:
    """Why a property needs other shapes than the one, "" if they can be varied."""
    fixed = next((name for name in names if name in declaration.fixed), "")
    if not fixed:
        return ""
    return f"needs {what}; this target fixes {fixed} = {declaration.fixed[fixed]}"


def _setting(name: str, values: tuple[float, ...], what: str) -> Callable[[Declaration], str]:
    """A need for one of some values of eps or momentum."""

    def need(declaration: Declaration) -> str:
        if any(declaration.allows(name, value) for value in values):
            return ""
        if name in declaration.fixed:
            return f"needs {what}; this target fixes {name} = {declaration.fixed[name]:g}"
        low, high = declaration.accepts[name]
        return f"needs {what}; this target accepts {name} from {low:g} to {high:g}"

    return need


def _several_channels(declaration: Declaration) -> str:
    one = declaration.fixed.get("channels") == 1
    return "needs several channels; this target fixes channels = 1" if one else ""


def _few_values(declaration: Declaration) -> str:
    shape = declaration.fixed.get("shape")
    if shape is None or math.prod(shape) // _channels_of(declaration, shape) <= FEW:
        return ""
    return f"needs at most {FEW} values per channel; this target fixes shape = {shape}"


def _channels_of(declaration: Declaration, shape: tuple[int, ...]) -> int:
    return shape[1] if declaration.channel_axis == 1 else shape[-1]


def _wide(declaration: Declaration) -> str:
    coarse = all(FORMATS[dtype].is_16_bit for dtype in declaration.dtypes)
    return "needs float32 or float64; a slope cannot be measured in 16 bits" if coarse else ""


FEW = 8
"""Values per channel with which both estimators of the variance are far apart."""

GRID_EPS = 0.5
"""The eps for which the data of relations between two calls is made."""

SCALED_EPS = tuple(GRID_EPS * 4.0**power for power in (-2, 1, 3))
"""Those of the same data scaled by powers of two."""

NEEDS: dict[str, Callable[[Declaration], str]] = {
    "train": _method("train"),
    "infer": _method("infer"),
    "layer": lambda d: "" if "layer" in d.methods else "layer is not offered",
    "space": lambda d: (
        "" if max(d.ranks) > 2 else "needs a rank above 2; this target takes rank 2 only"
    ),
    "channels": _several_channels,
    "any shape": lambda d: _fixed_shape(d, ("shape", "channels"), "other shapes"),
    "any size": lambda d: _fixed_shape(d, ("shape",), "other shapes"),
    "few values": _few_values,
    "eps": _setting("eps", (GRID_EPS,), "a variable eps"),
    "scaled eps": _setting("eps", SCALED_EPS, "a variable eps"),
    "affine": lambda d: (
        "needs gamma and beta; this target has none" if d.affine_parameters == "none" else ""
    ),
    "gamma": lambda d: "" if d.has_gamma else "needs gamma; this target has none",
    "beta": lambda d: "" if d.has_beta else "needs beta; this target has none",
    "biased": lambda d: (
        "needs a normalisation that does not depend on N; this target multiplies the variance by "
        "N / (N - 1)"
        if d.normalises_unbiased
        else ""
    ),
    "deterministic": lambda d: (
        "" if d.deterministic else "needs deterministic results; this target declares others"
    ),
    "cumulative": lambda d: (
        "" if d.cumulative else "needs momentum = None; this target does not declare cumulative"
    ),
    "single value": lambda d: (
        "needs one value per channel; its effect is undefined in this target"
        if d.single_value == "undefined"
        else ""
    ),
    "empty": lambda d: (
        "needs an empty batch; its effect is undefined in this target"
        if d.empty == "undefined"
        else ""
    ),
    "strides": lambda d: (
        "needs strided arrays; this target declares keeps_strides = False"
        if d.keeps_strides is False
        else ""
    ),
    "momentum": lambda d: (
        f"needs a variable momentum; this target fixes momentum = {d.fixed['momentum']:g}"
        if "momentum" in d.fixed
        else ""
    ),
    "extreme momentum": _setting("momentum", (0.0, 1.0), "momentum 0 or 1"),
    "replays": lambda d: (
        "needs calls between forward and backward; this target declares replays = True"
        if d.replays
        else ""
    ),
    "wide": _wide,
}
"""What a declaration has to allow, by name: why it does not, "" if it does."""

_GRADIENTS = ("dx", "dgamma", "dbeta")


def _any_of(call: str, *names: str) -> frozenset[str]:
    return frozenset(f"{call} {name}" for name in names)


RESULTS: dict[str, tuple[str, frozenset[str]]] = {
    "dx": ("dx is not offered", _any_of("train", "dx")),
    "dgamma": ("dgamma is not offered", _any_of("train", "dgamma")),
    "dbeta": ("dbeta is not offered", _any_of("train", "dbeta")),
    "gradients": ("no gradient is offered", _any_of("train", *_GRADIENTS)),
    "gradients of infer": (
        "no gradient of inference is offered",
        _any_of("infer", *_GRADIENTS),
    ),
    "statistics": (
        "no running statistics are offered",
        _any_of("train", "running_mean", "running_var"),
    ),
    "running_var": ("running_var is not offered", _any_of("train", "running_var")),
    "statistics of infer": (
        "inference returns no running statistics",
        _any_of("infer", "running_mean", "running_var"),
    ),
    "any statistics": (
        "no running statistics are offered",
        _any_of("train", "running_mean", "running_var")
        | _any_of("infer", "running_mean", "running_var"),
    ),
}
"""What has to come back, by name: why a property is not tested without it, and what suffices."""

SHOWN = 8


def of_judged(record: Record, call: str, judged: Judged) -> Check:
    """The comparison of one output with the truth."""
    output = judged.output if call == "train" else f"{judged.output} of {call}"

    def elements() -> tuple[Row, ...]:
        return rows(judged.got, judged.truth[0], judged.error, judged.bound)

    worst = judged.worst
    detail = f"{output}: {describe(worst)}"
    return Check(record, output, worst, judged.not_judged, detail, elements)


def like_first(record: Record, call: str, judged: Judged, base: Record | None = None) -> Check:
    """The comparison of an output with the truth, or with the first call's if that is off.

    ``base`` is the record that has the first call, where it is another one.  What is wrong from
    the start is another property's to say.
    """
    source = base or record
    first = source.of(call, judged.output) if base else None
    first = first or source.of(call.split(maxsplit=1)[0], judged.output)
    if first is None or first.worst <= 1 or first.got.shape != judged.got.shape:
        return of_judged(record, call, judged)
    output = judged.output if call == "train" else f"{judged.output} of {call}"
    return compare(record, output, judged.got, first.got, first.bound + judged.bound)


def compare(
    record: Record, output: str, got: Array, want: Array, bound: Array, detail: str = ""
) -> Check:
    """The comparison of two arrays within a bound; NaN in ``got`` is an infinite error.

    Differences are formed in float64, whose own rounding is added to the bound.  Where the bound
    or what is wanted is not finite, nothing is judged.
    """
    with np.errstate(all="ignore"):
        got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
        bound = np.broadcast_to(bound, got.shape)
        wide = bound + 2.0**-51 * (np.abs(got) + np.abs(want))
        off = np.abs(got - want)
        open_ = ~np.isfinite(wide) | ~np.isfinite(want)
        wide = np.where(open_, np.inf, wide)
        off = np.where(np.isfinite(off), off, np.where(open_, 0.0, np.inf))
        ratio = np.where((off == 0) | open_, 0.0, off / wide)
    worst = float(np.max(ratio, initial=0.0))

    def elements() -> tuple[Row, ...]:
        return rows(got, want, off, wide)

    text = detail or f"{output}: {describe(worst)}"
    return Check(record, output, worst, bool(open_.any()), text, elements)


def fact(
    record: Record,
    output: str,
    holds: object,
    detail: str,
    kind: str = "fail",
    event: str = "",
) -> Check:
    """A comparison that holds or does not, without a measure; ``event`` is the kind of event."""
    ratio = 0.0 if holds else float("inf")
    return Check(record, output, ratio, detail=detail, kind=kind, event=event)


def rows(got: Array, want: Array, off: Array, bound: Array) -> tuple[Row, ...]:
    """The worst elements, at most eight, as text; index (value, channel) for whole arrays."""
    with np.errstate(all="ignore"):
        ratio = np.nan_to_num(np.where(off == 0, 0.0, off / bound), nan=0.0)
        ratio = np.where(np.isinf(bound), 0.0, ratio)
    order = np.argsort(-ratio, axis=None, kind="stable")[:SHOWN]
    made: list[Row] = []
    for flat in order:
        index = np.unravel_index(int(flat), ratio.shape)
        if ratio[index] <= 1 and made:
            break
        where = ", ".join(str(int(i)) for i in index)
        values = [f"{float(a[index]):.9g}" for a in (got, want)]
        made.append((f"[{where}]", *values, f"{off[index]:.3g}", f"{bound[index]:.3g}"))  # type: ignore[arg-type]  # two values
    return tuple(made)


def describe(ratio: float) -> str:
    """error/bound in words.

    >>> describe(3.0)
    'error is 3 times the bound'
    """
    if ratio == float("inf"):
        return "not finite, or off where the bound is 0"
    return f"error is {ratio:.3g} times the bound"
