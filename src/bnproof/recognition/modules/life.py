"""What is tried on a module, by demand, and how much a module claims for an exception to count."""

import warnings
from collections.abc import Callable, Iterator, Mapping

from bnproof.engine.model.case import Case
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.modules.averages import batches_tracked, cumulative
from bnproof.recognition.modules.conversions import functional_call, sync_conversion
from bnproof.recognition.modules.differentiation import checkpointing, frozen, requires_grad
from bnproof.recognition.modules.flags import affine, tracking
from bnproof.recognition.modules.modes import mode, no_grad
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.resets import resets
from bnproof.recognition.modules.saved import copies, dtype, pickled, state_dict
from bnproof.recognition.modules.settings_later import settings
from bnproof.recognition.modules.start import initial_values, parameters
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.user_calls import UsersError

Experiment = Callable[[Subject], Iterator[Fact]]

EXPERIMENTS: Mapping[Demand, tuple[Experiment, Claim]] = {
    Demand.INITIAL_VALUES: (initial_values, Claim.NEVER),
    Demand.PARAMETERS: (parameters, Claim.NEVER),
    Demand.STATE_DICT: (state_dict, Claim.DROP_IN),
    Demand.COPIES: (copies, Claim.DROP_IN),
    Demand.PICKLE: (pickled, Claim.DROP_IN),
    Demand.DTYPE: (dtype, Claim.DROP_IN),
    Demand.AFFINE: (affine, Claim.NEVER),
    Demand.TRACKING: (tracking, Claim.NEVER),
    Demand.REQUIRES_GRAD: (requires_grad, Claim.DROP_IN),
    Demand.FROZEN: (frozen, Claim.DROP_IN),
    Demand.BATCHES_TRACKED: (batches_tracked, Claim.NEVER),
    Demand.CUMULATIVE: (cumulative, Claim.NEVER),
    Demand.SYNC_CONVERSION: (sync_conversion, Claim.NEVER),
    Demand.CHECKPOINTING: (checkpointing, Claim.DROP_IN),
    Demand.FUNCTIONAL_CALL: (functional_call, Claim.DROP_IN),
    Demand.SETTINGS: (settings, Claim.NEVER),
    Demand.RESETS: (resets, Claim.DROP_IN),
    Demand.NO_GRAD: (no_grad, Claim.DROP_IN),
    Demand.MODE: (mode, Claim.DROP_IN),
}
"""Each experiment, and the claim of a module for which an exception is a violation.

A flag or a setting that a module refuses with an exception is no silent mistake, so it is noted.
"""


def live(recipe: Recipe, case: Case, *, trains: bool, infers: bool = True) -> tuple[Fact, ...]:
    """Try what the case demands on modules of a target, and say what was seen."""
    assert case.demand is not None  # noqa: S101  # cases of modules have one
    experiment, claim = EXPERIMENTS[case.demand]
    subject = Subject(recipe, case, trains=trains, infers=infers)
    facts: list[Fact] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for fact in experiment(subject):
                facts.append(fact)  # noqa: PERF402  # those before an exception are kept
        except UsersError as error:
            facts.append(subject.raised(f"trying {case.demand}", error, claim))
    return tuple(facts)
