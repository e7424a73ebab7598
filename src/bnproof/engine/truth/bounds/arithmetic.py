"""Accuracy classes as data: the arithmetic that an accepted implementation may use.

Model of arithmetic: fl(a op b) = (a op b)(1 + e) + z with |e| <= u and |z| <= Z, where Z is the
smallest subnormal number, or the smallest normal one where subnormals are flushed.  Fused
multiply-add only removes roundings.  Sums go in any order, so a summand passes through at most
N additions.  Only the errors of the mean and of the variance depend on the algorithm; everything
after them follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bnproof.engine.contract.choices import CLASSES, AccuracyClass
from bnproof.engine.model.formats import Format
from bnproof.engine.model.summation import Summation

VARIANCES: tuple[AccuracyClass, ...] = ("two-pass", "streaming", "one-pass")


@dataclass(frozen=True)
class Arithmetic:
    """The implementations that one accuracy class accepts, for one storage format.

    Attributes:
        name: of the class.
        storage: of x, y and dx.
        parameters: of gamma, beta, the statistics, dgamma and dbeta.
        variances: algorithms accepted for mean and variance (the ladder is nested, so a class
            has those of all stronger ones).
        saved: format in which mean and inv_std are stored before use, None for the compute
            format.
        elementwise: format of elementwise work, None for the compute format.
        flush_to_zero: whether subnormal numbers may be flushed.
        depth: additions that a summand passes through; None for any order, which is N.
        summation: the family of algorithms that sums over integer data are explained by, None for
            other data (see `summations`).
        exact_sums: whether sums of multiples of one quantum are exact (false for perturbed
            arithmetic, in which nothing is).
        silent: terms of the bound left out, to find which term used it up.
    """

    name: AccuracyClass
    storage: Format
    parameters: Format
    variances: tuple[str, ...]
    saved: Format | None = None
    elementwise: Format | None = None
    flush_to_zero: bool = False
    depth: float | None = None
    summation: Summation | None = None
    exact_sums: bool = True
    silent: frozenset[str] = frozenset()

    @property
    def compute(self) -> Format:
        """The format of sums, of the mean and of the variance."""
        return self.storage.compute

    @property
    def elements(self) -> Format:
        """The format of elementwise work."""
        return self.elementwise or self.compute

    def underflow(self, number_format: Format) -> float:
        """Z: the largest absolute error of an underflow."""
        return number_format.tiny if self.flush_to_zero else number_format.sub

    def without(self, term: str) -> "Arithmetic":
        """The same class with one term of its bounds left out."""
        return replace(self, silent=self.silent | {term})


def ladder(
    storage: Format, parameters: Format, *, flush_to_zero: bool = False
) -> Mapping[AccuracyClass, Arithmetic]:
    """The classes of a storage format, strongest first, each with all that stronger ones accept.

    For float32 and float64 a low-precision class is the one-pass class: nothing there is stored
    in 16 bits.

    >>> from bnproof.engine.model.formats import FORMATS
    >>> list(ladder(FORMATS["float32"], FORMATS["float32"]))
    ['two-pass', 'streaming', 'one-pass']
    """
    made: dict[AccuracyClass, Arithmetic] = {
        name: Arithmetic(
            name, storage, parameters, VARIANCES[: rank + 1], flush_to_zero=flush_to_zero
        )
        for rank, name in enumerate(VARIANCES)
    }
    if storage.is_16_bit:
        stored, computed = CLASSES[3:]
        made[stored] = replace(made["one-pass"], name=stored, saved=storage)
        made[computed] = replace(made[stored], name=computed, elementwise=storage)
    return made
