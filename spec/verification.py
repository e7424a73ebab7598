"""How a theorem is checked: proved, tried with numbers, and held against damaged copies.

A fourth check, that the printed form says what was proved, is in `bnproof.spec.publishing.reader`.
"""

import time
from dataclasses import dataclass

from bnproof.spec.damage import damaged
from bnproof.spec.instances import gap
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.theorem import Theorem

SIZES = (1, 2, 3, 5)


class ProofError(AssertionError):
    """A claim that is not proved, that numbers contradict, or whose damaged copy is accepted."""


@dataclass(frozen=True)
class Checked:
    """What was done to check one theorem.

    Attributes:
        claims: how many were proved for every m.
        instances: exact instances that came out as 0.
        refused: damaged copies that were not proved; numbers contradict each that was accepted.
        seconds: time of the proofs alone.
    """

    claims: int
    instances: int
    refused: int
    seconds: float


def check(theorem: Theorem, *, damage: bool = True, sizes: tuple[int, ...] = SIZES) -> Checked:
    """Check a theorem in all ways; raises ProofError where one fails."""
    seconds = prove(theorem)
    instances = refused = 0
    for claim in theorem.lines():
        for size in sizes:
            _try(theorem, claim, size)
            instances += 1
        if damage:
            refused += _refuse(theorem, claim, sizes)
    return Checked(len(theorem.lines()), instances, refused, seconds)


def prove(theorem: Theorem) -> float:
    """Prove all claims; returns the seconds it took, raises ProofError where one is not proved."""
    began = time.perf_counter()
    for claim in theorem.lines():
        if not claim.holds():
            raise ProofError(f"{theorem.id}: {claim.left} = {claim.right} is not proved")
    return time.perf_counter() - began


def _try(theorem: Theorem, claim: Claim, size: int) -> None:
    left_minus_right = gap(claim, size, seed=size)
    if left_minus_right != 0:
        raise ProofError(f"{theorem.id}: proved, but off by {left_minus_right} for m = {size}")


def _refuse(theorem: Theorem, claim: Claim, sizes: tuple[int, ...]) -> int:
    """How many damaged copies were refused; one that is proved has to be true after all."""
    refused = 0
    for copy in damaged(claim):
        if not copy.holds():
            refused += 1
        elif copy.trial is None and any(gap(copy, size, seed=size) != 0 for size in sizes):
            raise ProofError(f"{theorem.id}: a false copy is accepted: {copy.right}")
    return refused
