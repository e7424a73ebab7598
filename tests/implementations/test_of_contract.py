"""A class is of the contract if its methods can be called as the contract calls them."""

from typing import Any

import pytest

from bnproof import implementations
from bnproof.engine.contract.signatures import fits_contract
from bnproof.implementations import adapter_of, of_contract, variants


class Mode:
    """As flax.nnx, mlx.nn and paddle.nn have it: a switch between the modes."""

    def train(self, mode: bool = True) -> "Mode":
        """Switch."""
        del mode
        return self

    def __call__(self, x: Any) -> Any:
        """Call it."""
        return x


class Attributes:
    """As flax.nnx has it: attributes to set."""

    def train(self, **attributes: Any) -> None:
        """Set them."""


class Right:
    """Of the contract."""

    def train(
        self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, momentum: Any, eps: Any
    ) -> Any:
        """Training."""


class Whatever:
    """Takes whatever it is given."""

    def infer(self, *arguments: Any, **settings: Any) -> Any:
        """Evaluation."""


class Layers:
    """Has layers alone, which need a dtype."""

    def layer(self, channels: int, *, momentum: Any, eps: float, dtype: str) -> Any:
        """A layer."""


class Slip(Right):
    """Meant for the contract, with an argument that is missing."""

    def train(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: Any) -> Any:  # type: ignore[override]  # the slip
        """Training without momentum."""


class Linear:
    """An object whose attribute ``layer`` is something else."""

    layer = staticmethod(lambda x: x)


@pytest.mark.parametrize("kind", [Right, Whatever, Layers])
def test_what_can_be_called_is_of_the_contract(kind: type) -> None:
    """Catches a class, or an object of it, that is sent to the adapters."""
    assert fits_contract(kind)
    assert fits_contract(kind())
    assert of_contract(kind)


@pytest.mark.parametrize("kind", [Mode, Attributes, Linear])
def test_other_methods_of_these_names(kind: type) -> None:
    """Catches a library's class that is called as the contract is, and refused with a TypeError."""
    assert not fits_contract(kind)
    assert not of_contract(kind)
    assert not of_contract(kind())


def test_a_slip_is_told_by_the_first_calls() -> None:
    """Catches a class that is said to have no method train, when an argument of it is missing."""
    assert of_contract(Slip)
    assert isinstance(variants(Slip)[0], Slip)


def test_third_parties_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an adapter that is never asked, since a class has methods of the contract's names."""

    class Adapter:
        @staticmethod
        def recognises(target: Any) -> bool:
            return target is Right

        @staticmethod
        def build(target: Any) -> list[Any]:
            return [f"adapted {target.__name__}"]

    monkeypatch.setattr(implementations, "_third_party", lambda: iter([Adapter]))
    assert adapter_of(Right) is Adapter
    assert variants(Right) == ["adapted Right"]
    assert not of_contract(Right)
    assert isinstance(variants(Whatever)[0], Whatever)
