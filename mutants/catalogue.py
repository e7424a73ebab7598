"""All mutants, found by their ids."""

from bnproof.mutants import (
    activations,
    aliasing,
    axes,
    backward,
    calls,
    contexts,
    cumulative,
    degenerate,
    double_backward,
    eps,
    extra_inputs,
    extra_sizes,
    folding,
    form,
    formula,
    graded,
    half_precision,
    inference_gradients,
    instances,
    large_calls,
    layer_calls,
    layer_life,
    layer_state,
    layout,
    limits,
    magnitudes,
    many_values,
    mode,
    most_values,
    network_shapes,
    network_sizes,
    nonfinite,
    nonfinite_sizes,
    numerics,
    parameter_gradients,
    places,
    running,
    running_values,
    settings,
    shared,
    single_value,
    sizes,
    state,
    variance,
    views,
    virtual_batches,
)
from bnproof.mutants.decorators import registered
from bnproof.mutants.mutant import Mutant

FAMILIES = (
    formula,
    eps,
    axes,
    backward,
    parameter_gradients,
    inference_gradients,
    double_backward,
    running,
    running_values,
    cumulative,
    mode,
    folding,
    variance,
    numerics,
    half_precision,
    magnitudes,
    degenerate,
    nonfinite,
    single_value,
    sizes,
    limits,
    layout,
    form,
    aliasing,
    state,
    layer_state,
    layer_life,
    layer_calls,
    graded,
    activations,
    virtual_batches,
    extra_inputs,
    calls,
    contexts,
    shared,
    large_calls,
    instances,
    places,
    network_sizes,
    many_values,
    settings,
    network_shapes,
    most_values,
    views,
    nonfinite_sizes,
    extra_sizes,
)

MUTANTS: tuple[Mutant, ...] = tuple(
    mutant for family in FAMILIES for mutant in registered(family, Mutant)
)

BY_ID = {mutant.id: mutant for mutant in MUTANTS}


def mutant_of(id_: str) -> Mutant:
    """The mutant of an id.

    Raises LookupError for an id that no mutant has.

    >>> mutant_of("eps/outside-the-root").family
    'eps'
    """
    if id_ not in BY_ID:
        message = f"no mutant is called {id_!r}; see bnproof.mutants.catalogue.MUTANTS"
        raise LookupError(message)
    return BY_ID[id_]


def distinct() -> int:
    """How many different mistakes there are, graded copies counted once.

    >>> distinct() >= 150
    True
    """
    return len({mutant.counts_as for mutant in MUTANTS})
