"""Masked batches: what counts is a batch of its own, and everything else gets no gradient."""

from collections.abc import Iterator
from dataclasses import replace

from bnproof.engine.model.calls import is_judged
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import WHOLE, Observation


def what_counts(case: Case) -> Case:
    """The case of the values that a mask lets count, in the rank that it has.

    >>> import numpy as np
    >>> x, one = np.array([[1.0], [7.0], [3.0]]), np.ones(1)
    >>> case = Case("a", x, x, one, one, one, one, 0.5, 0.1, mask=np.array([True, False, True]))
    >>> what_counts(case).x.tolist()
    [[1.0], [3.0]]
    """
    if case.mask is None:
        return case
    x, dy = (_kept(a, case) for a in (case.x, case.dy))
    residual = None if case.residual is None else _kept(case.residual, case)
    return case.with_(x=x, dy=dy, residual=residual, mask=None, data_key="")


def without_masked(case: Case, observation: Observation) -> tuple[Case, Observation]:
    """A masked case and its results as the batch that counts; events tell of other gradients."""
    if case.mask is None:
        return case, observation
    results = {
        call: {name: _kept(a, case) if name in WHOLE else a for name, a in outputs.items()}
        for call, outputs in observation.results.items()
    }
    events = [*observation.events, *_gradients_elsewhere(case, observation)]
    return what_counts(case), replace(observation, results=results, events=events)


def _kept(a: Array, case: Case) -> Array:
    assert case.mask is not None  # noqa: S101  # callers look first
    rows = columns(a)[case.mask.ravel()]
    return rows.reshape(*rows.shape, *(1 for _ in range(a.ndim - 2)))


def _gradients_elsewhere(case: Case, observation: Observation) -> Iterator[Event]:
    assert case.mask is not None  # noqa: S101  # callers look first
    for call, outputs in observation.results.items():
        elsewhere = columns(outputs["dx"])[~case.mask.ravel()] if "dx" in outputs else case.x[:0]
        if is_judged(call) and not (elsewhere == 0).all():
            yield Event(EventKind.NOT_ZERO, call, "dx")
