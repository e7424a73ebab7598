"""Truth and bounds of a data set, formed once, whoever is judged on it and how often."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b
from weakref import ref

import numpy as np

from bnproof.engine.model.case import ARRAYS, Case, columns
from bnproof.engine.model.formats import Array, name_of
from bnproof.engine.truth.bounds import Arithmetic, Bounds, Quantities, bounds
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.integers import Exact, Ratio
from bnproof.engine.truth.layer import Backward, Layer
from bnproof.engine.truth.oracle import running_truth, truth_of
from bnproof.engine.truth.oracle_double import double_truth_of

FEW = 1024
"""Subjects in use that are remembered before those that ended are forgotten."""


@dataclass(frozen=True)
class Settings:
    """eps and the weights of a running average, exactly, as one allowed rounding leaves them."""

    eps: float
    keep: Fraction
    weight: Fraction


@dataclass(eq=False)
class Expected:
    """Truth and bounds of one data set, in one mode and with one rounding of the settings.

    Attributes:
        quantities: the truth, and what bounds are made of.
        back: the backward pass that the truth is of.
        by_class: the bounds that were asked for.
    """

    quantities: Quantities
    back: Backward
    by_class: list[Bounds] = field(default_factory=list)

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        return self.bounds(arithmetic).values[output]

    def bounds(self, arithmetic: Arithmetic) -> Bounds:
        """The bounds of a class."""
        for made in self.by_class:  # one or two; an arithmetic takes long to hash
            if made.arithmetic is arithmetic or made.arithmetic == arithmetic:
                return made
        self.by_class.append(bounds(arithmetic, self.quantities))
        return self.by_class[-1]


class ExpectedByData:
    """The subjects formed last, and those in use, found again by the content of their arrays.

    Attributes:
        limit: elements of x that are kept in all; larger data sets are not kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._subjects: OrderedDict[bytes, Expected] = OrderedDict()
        # a WeakValueDictionary runs Python code when a value ends, where a Ctrl-C would be lost
        self._in_use: dict[bytes, ref[Expected]] = {}
        self._most_in_use = FEW

    def of(
        self,
        case: Case,
        settings: Settings,
        like: Expected | None = None,
        /,
        *,
        inference: bool,
        unbiased: bool = True,
        normalises_unbiased: bool = False,
    ) -> Expected:
        """The subject of a case, made if it is not among those that are kept.

        Arguments as those of `make_subject`.
        """
        normalises_unbiased = normalises_unbiased and not inference  # one truth for both
        conventions = {
            "inference": inference,
            "unbiased": unbiased,
            "normalises_unbiased": normalises_unbiased,
        }
        key = _key(case, settings, conventions)
        if key in self._subjects:
            self._subjects.move_to_end(key)
            return self._subjects[key]
        if key in self._in_use and (found := self._in_use[key]()) is not None:
            return found  # a record holds it: it costs no memory
        subject = make_subject(case, settings, like, **conventions)
        self._note_use(key, subject)
        if case.x.size <= self.limit // 16:
            self._subjects[key] = subject
            self._held += case.x.size
            while self._held > self.limit:
                _, dropped = self._subjects.popitem(last=False)
                self._held -= dropped.quantities.x.size
        return subject

    def _note_use(self, key: bytes, subject: Expected) -> None:
        """Remember a subject as long as something else holds it; forget those that ended."""
        self._in_use[key] = ref(subject)
        if len(self._in_use) > self._most_in_use:
            self._in_use = {k: held for k, held in self._in_use.items() if held() is not None}
            self._most_in_use = 2 * len(self._in_use) + FEW


EXPECTED = ExpectedByData(2**18)
"""Those of this process."""


def _key(case: Case, settings: Settings, conventions: Mapping[str, bool]) -> bytes:
    """What the truth depends on: the values of each channel, in whatever rank they come."""
    arrays = [getattr(case, name) for name in ARRAYS]
    dtypes = [a if a is None else name_of(a.dtype) for a in arrays]
    key = blake2b(
        repr((settings, conventions, case.count, case.channels, dtypes)).encode(),
        digest_size=16,
    )
    for a in arrays:
        if a is not None:
            key.update((columns(a) if a.ndim > 1 else a).tobytes())
    return key.digest()


def make_subject(
    case: Case,
    settings: Settings,
    like: Expected | None = None,
    /,
    *,
    inference: bool,
    unbiased: bool = True,
    normalises_unbiased: bool = False,
) -> Expected:
    """The truth of a case, and its quantities.

    ``unbiased`` tells which variance the running average takes, ``normalises_unbiased`` which one
    training normalises by.  ``like`` is a subject of the same case in the other mode.
    """
    if like is None:
        known, x, dy = None, columns(case.x), columns(case.dy)
    else:
        known, x, dy = like.back, like.quantities.x, np.asarray(like.quantities.dy)
    channels = case.channels
    gamma = np.ones(channels) if case.gamma is None else case.gamma
    beta = np.zeros(channels) if case.beta is None else case.beta
    statistics = (case.running_mean, case.running_var) if inference else None
    by_unbiased = normalises_unbiased and not inference
    layer = Layer(
        x,
        gamma,
        beta,
        settings.eps,
        statistics=statistics,
        unbiased=by_unbiased,
        like=None if known is None else known.layer,
    )
    back = Backward(layer, dy, known)
    truth = truth_of(layer, back)
    count = len(x)
    factor = count / (count - 1) if count > 1 else 1.0
    if not inference:
        truth = _with_running(truth, case, settings, count, unbiased=unbiased)
    quantities = Quantities(
        x=x,
        gamma=np.abs(np.asarray(gamma, np.float64)),
        beta=np.abs(np.asarray(beta, np.float64)),
        eps=settings.eps,
        truth=truth,
        inference=inference,
        dy=dy,
        running_mean=None if inference else np.asarray(case.running_mean, np.float64),
        running_var=None if inference else np.asarray(case.running_var, np.float64),
        weight=abs(float(settings.weight)),
        correction=factor if unbiased else 1.0,
        bessel=factor if by_unbiased else 1.0,
    )
    if case.ddx is not None:
        quantities = _with_double(quantities, case, back)
    return Expected(quantities, back)


def _with_running(
    truth: Truth, case: Case, settings: Settings, count: int, *, unbiased: bool
) -> Truth:
    """The truth with the running statistics after the call."""
    n, rest = (count, count - 1) if unbiased else (1, 1)

    def running_mean() -> Exact:
        new = [pair and pair[0] for pair in truth.ratios]
        return running_truth(case.running_mean, new, settings.keep, settings.weight)

    def running_var() -> Exact:
        new = [
            None if pair is None or not rest else _times(pair[1], n, rest) for pair in truth.ratios
        ]
        return running_truth(case.running_var, new, settings.keep, settings.weight)

    return truth.beside(running_mean=running_mean, running_var=running_var)


def _times(ratio: Ratio, numerator: int, denominator: int) -> Ratio:
    return ratio[0] * numerator, ratio[1] * denominator, ratio[2]


def _with_double(quantities: Quantities, case: Case, back: Backward) -> Quantities:
    """The quantities with the exact results of double backward, and what bounds them."""
    assert case.ddx is not None  # noqa: S101  # the caller's duty, told to the type checker
    zeros = np.zeros(case.channels)
    ddgamma, ddbeta = (zeros if a is None else a for a in (case.ddgamma, case.ddbeta))
    upstream = (columns(case.ddx), ddgamma, ddbeta)
    double = double_truth_of(back, upstream)
    at_ddx = replace(
        quantities,
        dy=upstream[0],
        truth=quantities.truth.beside(double.at_ddx),
    )
    return replace(
        quantities,
        truth=quantities.truth.beside(double.own),
        at_ddx=at_ddx,
        ddgamma=np.abs(np.asarray(ddgamma, np.float64)),
        ddbeta=np.abs(np.asarray(ddbeta, np.float64)),
    )
