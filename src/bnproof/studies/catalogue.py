"""All studies, in the order of the lectures."""

from bnproof.studies.accuracy import accuracy
from bnproof.studies.batch_noise import batch_noise
from bnproof.studies.black_cats import black_cats
from bnproof.studies.hidden_distribution import hidden_distribution
from bnproof.studies.inputs import inputs
from bnproof.studies.internal_shift import internal_shift
from bnproof.studies.learning_rates import learning_rates
from bnproof.studies.running_averages import running_averages
from bnproof.studies.study import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
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
