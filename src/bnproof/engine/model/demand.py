"""What a whole torch module has to do beside its numbers: a closed set, a property for each."""

from enum import StrEnum


class Demand(StrEnum):
    """One demand; the value is the second part of the property's id."""

    INITIAL_VALUES = "initial-values"
    PARAMETERS = "parameters"
    STATE_DICT = "state-dict"
    COPIES = "copies"
    PICKLE = "pickle"
    DTYPE = "dtype"
    AFFINE = "affine"
    TRACKING = "tracking"
    REQUIRES_GRAD = "requires-grad"
    FROZEN = "frozen"
    BATCHES_TRACKED = "batches-tracked"
    CUMULATIVE = "cumulative"
    SYNC_CONVERSION = "sync-conversion"
    CHECKPOINTING = "checkpointing"
    FUNCTIONAL_CALL = "functional-call"
    SETTINGS = "settings"
    RESETS = "resets"
    NO_GRAD = "no-grad"
    MODE = "mode"


TRAINED = (
    Demand.INITIAL_VALUES,
    Demand.PARAMETERS,
    Demand.AFFINE,
    Demand.TRACKING,
    Demand.REQUIRES_GRAD,
    Demand.FROZEN,
    Demand.BATCHES_TRACKED,
    Demand.CUMULATIVE,
    Demand.CHECKPOINTING,
    Demand.SETTINGS,
    Demand.RESETS,
    Demand.NO_GRAD,
    Demand.MODE,
)
"""Demands on training."""

EVALUATED = (
    Demand.STATE_DICT,
    Demand.COPIES,
    Demand.PICKLE,
    Demand.DTYPE,
    Demand.TRACKING,
    Demand.SYNC_CONVERSION,
    Demand.FUNCTIONAL_CALL,
    Demand.SETTINGS,
    Demand.MODE,
)
"""Demands on evaluation with running statistics."""
