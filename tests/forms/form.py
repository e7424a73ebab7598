"""What is known about one form of the corpus."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BIASED = ("running_variance=biased",)

Part = Literal[
    "training",
    "evaluation",
    "running-statistics",
    "gamma",
    "beta",
    "backward",
    "evaluation-gradient",
]


@dataclass(frozen=True)
class Form:
    """One way in which people write batch normalization, with a right and a wrong twin.

    Attributes:
        number: the first two digits of both files.
        name: the form in a few words.
        target: what the user writes on the command line, relative to right/ or wrong/.
        mistake: what the wrong twin does wrong, in one sentence.
        causes: ids of mutants that are the true cause; a report names any one of them.
        no_cause_because: why the library has no mutant for the mistake, if it has none.
        declare: flags of conventions that the right twin needs.
        without: parts that the form does not have. "evaluation-gradient" means that backward
            after evaluation raises, or returns a gradient that users do not rely on.
        roles: the user's name by role of the contract. A dot leads into an attribute or a key,
            as "norm.weight" or "params.gamma".
        momentum_weighs: the term that momentum multiplies; "" without averages.
        ranks: the ranks of x in which the right twin is right.
        channel_axis: 1 or -1; 0 for columns as samples, (features, batch).
        extra: an optional package or compiler that the file needs: "jax", "compile" or "".
        note: the trap in the right twin, if there is one.
    """

    number: int
    name: str
    target: str
    mistake: str
    causes: tuple[str, ...] = ()
    no_cause_because: str = ""
    declare: tuple[str, ...] = ()
    without: tuple[Part, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    momentum_weighs: Literal["new", "old", ""] = "new"
    ranks: tuple[int, ...] = (2,)
    channel_axis: Literal[1, -1, 0] = 1
    extra: Literal["", "jax", "compile"] = ""
    note: str = ""

    @property
    def file(self) -> str:
        """The name of the twins' files.

        >>> Form(7, "pair", "07_pair.py:forward,backward", "").file
        '07_pair.py'
        """
        return self.target.partition(":")[0]


def roles(
    gamma: str = "", beta: str = "", running_mean: str = "", running_var: str = ""
) -> dict[str, str]:
    """The roles that exist.

    >>> roles("weight", running_mean="means")
    {'gamma': 'weight', 'running_mean': 'means'}
    """
    given = {
        "gamma": gamma,
        "beta": beta,
        "running_mean": running_mean,
        "running_var": running_var,
    }
    return {role: name for role, name in given.items() if name}


USUAL = roles("gamma", "beta", "running_mean", "running_var")
PYTORCH = roles("weight", "bias", "running_mean", "running_var")
EVERY_RANK = (2, 3, 4, 5)
EVALUATION_GRADIENT: tuple[Part, ...] = ("evaluation-gradient",)
NO_STATISTICS: tuple[Part, ...] = ("running-statistics", "evaluation")
