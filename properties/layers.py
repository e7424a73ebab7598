"""Properties of stateful layers."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.judging.property import Check, Property, Records, fact, of_judged
from bnproof.properties.forward import outputs, raised


def training(records: Records) -> Iterator[Check]:
    """Every training step of a layer's life, from the state before it."""
    for record in records.tagged("layer"):
        yield from raised(record, "layer", "train", "state", "load")
        for event in record.observation.of("malformed"):
            yield fact(record, event.what, holds=False, detail=event.detail, event=event.kind)
        for judged in outputs(record, "y", "dx", "dgamma", "dbeta", "running_mean", "running_var"):
            yield of_judged(record, "train", judged)


def evaluation(records: Records) -> Iterator[Check]:
    """Every evaluation of a layer's life, with the state before it, which stays."""
    for record in records.tagged("layer"):
        for judged in outputs(record, "y", "dx", "dgamma", "dbeta", call="infer"):
            yield of_judged(record, "infer", judged)
        for name in ("running_mean", "running_var"):
            results = record.observation.results.get("infer", {})
            if name in results:
                kept = np.array_equal(results[name], getattr(record.case, name), equal_nan=True)
                yield fact(record, name, kept, f"evaluation changed {name}")


def state(records: Records) -> Iterator[Check]:
    """Copies are given and taken, and an error comes before the state changes."""
    for record in records.tagged("layer"):
        kinds = ("changed-state", "changed-result", "changed-input", "no-error")
        found = record.observation.of(*kinds)
        for event in found:
            yield fact(record, event.what, holds=False, detail=event.detail, event=event.kind)
        if not found:
            yield fact(record, "", holds=True, detail="")


PROPERTIES = (
    Property(
        "layer/training",
        "A layer's training step is a step from the state it reported, whatever went before.",
        "running-one-step",
        ("layer", "any size"),
        training,
    ),
    Property(
        "layer/evaluation",
        "Evaluation uses the state that was reported and leaves it as it is.",
        "inference-affine",
        ("layer", "any size", "statistics"),
        evaluation,
    ),
    Property(
        "layer/state",
        "state() and load() copy, and layers do not share what they hold.",
        "running-one-step",
        ("layer", "any size"),
        state,
    ),
)
