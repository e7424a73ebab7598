"""The table of contents: all theorems, in the order in which they are read."""

from dataclasses import dataclass

from bnproof.registration import defined_in
from bnproof.spec.terms.theorem import Theorem
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
        defined_in(forward, Theorem),
    ),
    Chapter(
        "Invariances",
        "What can be done to the samples without effect, or with a simple one.",
        defined_in(invariances, Theorem),
    ),
    Chapter(
        "The backward pass",
        "Gradients of the linear form sum(dy*y), for any upstream gradient dy: what "
        "backpropagation computes.",
        defined_in(backward, Theorem),
    ),
    Chapter(
        "The Jacobian",
        "The derivative of all outputs by all inputs, as a matrix.",
        defined_in(jacobian, Theorem),
    ),
    Chapter(
        "Higher derivatives",
        "The backward pass is a function too, and has derivatives of its own.",
        defined_in(second_order, Theorem),
    ),
    Chapter(
        "Finite differences",
        "How far a difference quotient may be off, so that it can serve as a check.",
        defined_in(finite_differences, Theorem),
    ),
    Chapter(
        "Running averages",
        "Inference needs statistics that do not depend on a batch: averages over the batches of "
        "training.",
        defined_in(running, Theorem),
    ),
    Chapter(
        "Batch and population",
        "The samples of a batch are drawn from a population, so its statistics are estimates.",
        defined_in(population, Theorem),
    ),
    Chapter(
        "In a network",
        "The layer in front, inference, and why batch normalization works as far as it is "
        "a theorem.",
        defined_in(network, Theorem),
    ),
    Chapter(
        "Optimizers",
        "gamma and beta are learned, by optimizers that keep running averages as well.",
        defined_in(optimizers, Theorem),
    ),
)

THEOREMS = {theorem.id: theorem for chapter in CHAPTERS for theorem in chapter.theorems}
"""All theorems by id."""
