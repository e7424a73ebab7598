"""Hints at misspelt attributes are for classes that mean the contract."""

import pytest

from bnproof.engine.contract.spelling import misspelt


class Contract:
    """Means the contract, with a method of another name."""

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):  # type: ignore[no-untyped-def]  # as users write it
        """Is there."""

    def eval(self) -> None:
        """Is there."""


class Module:
    """Means something else."""

    rank = 2
    training = True

    def train(self, mode: bool = True) -> None:
        """Is there."""

    def eval(self) -> None:
        """Is there."""


class Other:
    """Has nothing of the contract's names."""

    ranking = 1

    def fit(self, x: object) -> None:
        """Is there."""

    def predict(self, x: object) -> None:
        """Is there."""


class Slip:
    """Means the contract; its only method has another name."""

    def trian(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):  # type: ignore[no-untyped-def]  # as users write it
        """Is there."""


@pytest.mark.parametrize(
    ("implementation", "hints"),
    [
        (Contract, ["unknown attribute eval (did you mean infer?)"]),
        (Contract(), ["unknown attribute eval (did you mean infer?)"]),
        (Module, []),
        (Module(), []),
        (Other(), []),
        (Slip, ["unknown attribute trian (did you mean train?)"]),
        (Slip(), ["unknown attribute trian (did you mean train?)"]),
        (object(), []),
    ],
)
def test_hints(implementation: object, hints: list[str]) -> None:
    """Catches a hint at the contract for a class that has its own names, and a slip without one."""
    assert misspelt(implementation) == hints
