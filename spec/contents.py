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


TITLE = "Batch normalization, derived"

CHAPTERS = (
    Chapter(
        "The forward pass",
        "Four equations, on the values z of one unit over the m samples of a "
        "mini-batch. Everything that follows is derived from them, and proved for every m at once.",
        forward.THEOREMS,
    ),
    Chapter(
        "Invariances",
        "What can be done to the samples without effect, or with a simple one.",
        invariances.THEOREMS,
    ),
    Chapter(
        "The backward pass",
        "Gradients of the linear form sum(dy*y), for any upstream gradient dy: what "
        "backpropagation computes.",
        backward.THEOREMS,
    ),
    Chapter(
        "The Jacobian",
        "The derivative of all outputs by all inputs, as a matrix.",
        jacobian.THEOREMS,
    ),
    Chapter(
        "Higher derivatives",
        "The backward pass is a function too, and has derivatives of its own.",
        second_order.THEOREMS,
    ),
    Chapter(
        "Finite differences",
        "How far a difference quotient may be off, so that it can serve as a check.",
        finite_differences.THEOREMS,
    ),
    Chapter(
        "Running averages",
        "Inference needs statistics that do not depend on a batch: averages over the batches of "
        "training.",
        running.THEOREMS,
    ),
    Chapter(
        "Batch and population",
        "The samples of a batch are drawn from a population, so its statistics are estimates.",
        population.THEOREMS,
    ),
    Chapter(
        "In a network",
        "The layer in front, inference, and why batch normalization works as far as it is "
        "a theorem.",
        network.THEOREMS,
    ),
    Chapter(
        "Optimizers",
        "gamma and beta are learned, by optimizers that keep running averages as well.",
        optimizers.THEOREMS,
    ),
)

THEOREMS = {theorem.id: theorem for chapter in CHAPTERS for theorem in chapter.theorems}
"""All theorems by id."""
