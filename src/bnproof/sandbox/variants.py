"""What a session knows of the variants of a target, whichever process runs them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.observation import Observation
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import VariantFacts, with_declared


class Variants:
    """The base of both sessions: variants, their declarations, and what was adopted for each.

    Attributes:
        target: the target as reports name it.
        variant: the number of the variant under examination.
        outside: what the user declares of the target.
        told: what is known of each variant.
        declarations: what each variant declares, with what was adopted.
        adopted: what was found by probing and is used, by variant.
        first: the case of the first calls and what came back, None where nothing did.
    """

    def __init__(self, target: str, variant: int, outside: Outside | None) -> None:
        self.target, self.variant = target, variant
        self.outside = outside or Outside()
        self.told: list[VariantFacts] = []
        self.declarations: list[Declaration] = []
        self.adopted: dict[int, dict[str, Any]] = {}
        self.first: tuple[Case, Observation] | None = None

    @property
    def declaration(self) -> Declaration:
        """What the variant under examination declares."""
        return self.declarations[self.variant]

    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that are declared, by the implementation itself or outside."""
        return self.told[self.variant].declared(self.outside)

    def adopt_all_of(self, other: "Variants") -> None:
        """Adopt what another session on the same target has adopted; before this one starts."""
        self.adopted = {variant: dict(found) for variant, found in other.adopted.items()}

    def _loaded(self, told: Sequence[VariantFacts]) -> None:
        """Write down what a loaded target declares."""
        self.told = list(told)
        self.declarations = [
            with_declared(each.declaration, self.adopted.get(variant, {}))
            for variant, each in enumerate(told)
        ]

    def _adopted(self, found: Mapping[str, Any]) -> None:
        """Write down what was found by probing the variant under examination."""
        self.adopted.setdefault(self.variant, {}).update(found)
        self.declarations[self.variant] = with_declared(self.declaration, found)
