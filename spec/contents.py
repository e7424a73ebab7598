"""The table of contents: all theorems, in the order in which they are read."""

from dataclasses import dataclass

from bnproof.spec.claims import Theorem
from bnproof.spec.theorems import (
    backward,
    finite_differences,
    forward,
    invariances,
    jacobian,
    network,
    optimizers,
    population,
    running,
    second_order,
)


@dataclass(frozen=True)
class Chapter:
    """A title, a few sentences of introduction, and theorems."""

    title: str
    introduction: str
    theorems: tuple[Theorem, ...]


CHAPTERS = (
    Chapter("The forward pass", "", forward.THEOREMS),
    Chapter("Invariances", "", invariances.THEOREMS),
    Chapter("The backward pass", "", backward.THEOREMS),
    Chapter("The Jacobian", "", jacobian.THEOREMS),
    Chapter("Higher derivatives", "", second_order.THEOREMS),
    Chapter("Running averages", "", running.THEOREMS),
    Chapter("Batch and population", "", population.THEOREMS),
    Chapter("In a network", "", network.THEOREMS),
    Chapter("Optimizers", "", optimizers.THEOREMS),
    Chapter("Finite differences", "", finite_differences.THEOREMS),
)

THEOREMS = {theorem.id: theorem for chapter in CHAPTERS for theorem in chapter.theorems}
"""All theorems by id."""
