"""All studies, in the order of the lectures."""

from bnproof.studies import (
    accuracy,
    batch_noise,
    black_cats,
    hidden_distribution,
    inputs,
    internal_shift,
    learning_rates,
    running_averages,
)
from bnproof.studies.study import Study

STUDIES: dict[str, Study] = {
    module.STUDY.name: module.STUDY
    for module in (
        inputs,
        learning_rates,
        hidden_distribution,
        internal_shift,
        black_cats,
        batch_noise,
        running_averages,
        accuracy,
    )
}
"""By name."""
