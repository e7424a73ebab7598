"""What a mutant is: a wrong implementation, with what is known about its mistake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from bnproof.mutants.decorators import Made, register

Dtype = Literal["float16", "bfloat16", "float32", "float64"]


class Conventions(TypedDict, total=False):
    """Conventions that an implementation is made in; what is left out has its default."""

    running_variance: Literal["biased", "unbiased"]
    momentum_weighs: Literal["new", "old"]
    channel_axis: Literal[1, -1]


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        id: family and name, as "eps/outside-the-root".
        mistake: what is done wrong, in one sentence.
        repair: what to do instead, in one sentence.
        issues: real reports of the mistake, as "owner/repository#number".
        caught_by: ids of properties that are expected to see it; at least one of them does.
        make: returns the implementation, an object of the contract; takes the conventions as
            keywords running_variance, momentum_weighs and channel_axis.
        conventions: those that the mistake needs in order to show.
        dtypes: those that the mistake is shown with; one is enough.
        group: the same for all copies of one mistake, graded or nearly alike, which count once.
        shown_by: what the names of cases begin with on which it shows, if these are among the last:
            the self-test runs them first.
    """

    id: str
    mistake: str
    repair: str
    issues: tuple[str, ...]
    caught_by: tuple[str, ...]
    make: Callable[..., Any] = field(repr=False)
    conventions: Conventions = field(default_factory=Conventions)
    dtypes: tuple[Dtype, ...] = ("float32",)
    group: str = ""
    shown_by: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def counts_as(self) -> str:
        """What distinct mistakes are counted by."""
        return self.group or self.id

    def shown(self) -> Any:
        """The implementation in the conventions that the mistake shows with."""
        return self.make(**self.conventions)


def mutant(
    id_: str,
    mistake: str,
    repair: str,
    *,
    caught_by: tuple[str, ...],
    issues: tuple[str, ...] = (),
    conventions: Conventions | None = None,
    dtypes: tuple[Dtype, ...] = ("float32",),
    group: str = "",
    shown_by: tuple[str, ...] = (),
) -> Callable[[Made], Made]:
    """Return a decorator that registers a mutant on the class that makes it.

    The arguments are fields of `Mutant`.

    >>> from bnproof.mutants.parts import Parts
    >>> @mutant("eps/none", "eps is not used.", "Add it.", caught_by=("forward/agreement",))
    ... class NoEps(Parts):
    ...     def inv_std(self, call): return call.var**-0.5
    """

    def noted(made: Made) -> Made:
        shown = Conventions() if conventions is None else conventions
        told = Mutant(id_, mistake, repair, issues, caught_by, made, shown, dtypes, group, shown_by)
        return register(made, told)

    return noted
