"""Right implementations that normalize virtual batches."""

from bnproof.mutants.controls.control import control
from bnproof.mutants.ghost import Ghost
from bnproof.mutants.parts import Results


@control("virtual-batches-in-turn", "Virtual batches of 4 samples, each a step of the averages.")
class InTurn(Ghost):
    """As they stand."""


@control("virtual-batches-together", "Virtual batches of 16, whose statistics are averaged first.")
class Together(Ghost):
    """One step with the mean of their statistics."""

    virtual_batch = 16
    virtual_batch_averages = "together"


@control("virtual-batches-of-two", "Virtual batches of 2 samples.")
class OfTwo(Ghost):
    """The smallest."""

    virtual_batch = 2


@control("virtual-batches-refuse-a-rest", "Virtual batches of 3, and an error for any rest.")
class NoRest(Ghost):
    """Raises where the samples are no multiple of 3, unless they are fewer."""

    virtual_batch = 3

    def train(self, *arguments: object, **settings: object) -> Results:
        """Refuse a rest."""
        samples = len(arguments[0])  # type: ignore[arg-type]  # x
        if samples > self.virtual_batch and samples % self.virtual_batch:
            message = f"{samples} samples are no multiple of {self.virtual_batch}"
            raise ValueError(message)
        return super().train(*arguments, **settings)  # type: ignore[arg-type]  # as they came
