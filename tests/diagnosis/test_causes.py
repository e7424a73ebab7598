"""Causes: mistakes written without the library are named, and unknown ones are not misnamed."""

from typing import Any

import numpy as np
import pytest
from tests.soundness.test_mistakes import MISTAKES, Parts

from bnproof.diagnosis.causes import causes, with_causes
from bnproof.properties.checking import check
from bnproof.properties.local import LocalSession

SAME = {
    "divided by the variance": {"formula/divided-by-variance"},
    "eps outside the root": {"eps/outside-the-root"},
    "no eps": {"eps/none"},
    "the larger of var and eps": {"eps/maximum"},
    "no beta": {"formula/no-beta"},
    "momentum the other way round": {"running/momentum-swapped"},
    "statistics never updated": {"running/never-updated"},
    "statistics of the last batch": {"running/last-batch"},
    "biased running variance": {"running/biased-for-unbiased"},
    "dx of an affine map": {"backward/direct-term-only"},
    "dx without the variance's part": {"backward/no-variance-term"},
    "dx without the mean's part": {"backward/no-mean-term"},
    "dx with N - 1": {"backward/n-minus-1"},
}
"""Mistakes of the soundness tests that the library has as well, in code of its own.

Five that look alike are others: dgamma and dbeta by the mean, which spoil dx there as well; the
unbiased variance, which is corrected twice on its way to the running variance; and an absolute
gamma and a gamma for 64 channels that the backward pass does not have.
"""


def named(implementation: Any) -> set[str]:
    """Ids of the causes that are named for an implementation."""
    with np.errstate(all="ignore"):
        session = LocalSession(implementation)
        found = check(session, session.declaration, profile="quick")
        (evidence,) = found.evidence.values()
        results = with_causes(found.results, evidence)
    return {cause.id for result in results for cause in result.causes}


def made(member: str, replacement: Any) -> Any:
    """A plain batch normalization with one part replaced."""
    return type("Wrong", (Parts,), {member: replacement})()


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_most_mistakes_are_named() -> None:
    """At least nine of ten causes are named, among three at most."""
    wrong = {}
    for mistake, due in SAME.items():
        member, replacement, _ = MISTAKES[mistake]
        found = named(made(member, replacement))
        assert len(found) <= 3
        if not found & due:
            wrong[mistake] = found

    assert len(wrong) <= len(SAME) // 10, wrong


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_a_mistake_of_double_backward_is_named() -> None:
    """Mutants without double backward reproduce all that is right; they must not be named."""

    def forgetful(self: Any, *given: Any) -> Any:
        right: Any = Parts.double
        ddy, _, dgamma = right(self, *given)
        _, without, _ = right(self, *given[:-1], 0 * given[-1])
        return ddy, without, dgamma

    assert named(made("double", forgetful)) == {"double-backward/no-ddgamma-in-dx"}


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_an_unknown_mistake_is_not_misnamed() -> None:
    """A cause for everything would be worse than none."""

    def bent(self: Parts, xhat: Any, gamma: Any, beta: Any) -> Any:
        return Parts.y(self, xhat + np.float32(0.013) * np.sin(5 * xhat), gamma, beta)

    assert named(made("y", bent)) == set()


def test_nothing_to_explain() -> None:
    """No failing case, no cause."""
    assert causes([]) == ()
