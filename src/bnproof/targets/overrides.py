"""What is declared from outside, applied to the implementations that a target stands for."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bnproof.engine.contract.declaration import (
    ATTRIBUTES,
    RANKS,
    ContractError,
    Declaration,
    attributes_of,
    declaration_of,
)
from bnproof.engine.model.formats import FORMATS
from bnproof.recognition.recognised import Origin, Part, Recognition, Unidentified, recognition_of
from bnproof.recognition.without_parts import Withheld
from bnproof.targets.outside import Outside

MERGED = ("fixed", "accepts", "parameter_dtypes")
"""Tables of which a declaration from outside replaces the entries that it has."""

BY_KEY = {"running_variance": RANKS, "normalising_variance": RANKS, "accuracy": tuple(FORMATS)}
"""Attributes that may be one value or a table by rank or dtype, and the keys of the table."""


@dataclass(frozen=True)
class Prepared:
    """One variant of a target, with what is declared from outside.

    Attributes:
        made: the implementation as the recogniser made it.
        implementation: what is called; without the parts that the user says do not exist.
        declaration: what holds for the check.
        recognition: what the target was recognised as.
        own: the attributes of the contract that the implementation has itself.
        adapted: whether an adapter made it.
    """

    made: Any
    implementation: Any
    declaration: Declaration
    recognition: Recognition
    own: tuple[str, ...]
    adapted: bool

    @property
    def told(self) -> "VariantFacts":
        """What a session is told of it: all but the implementation."""
        return VariantFacts(self.declaration, self.recognition, self.own, self.adapted)


EXPLICIT = (Origin.DECLARED_INSIDE, Origin.DECLARED_OUTSIDE)
"""The origins of what somebody declares; an adapter's reading of a target is a guess."""


@dataclass(frozen=True)
class VariantFacts:
    """What a session knows of a variant; see `Prepared`."""

    declaration: Declaration
    recognition: Recognition
    own: tuple[str, ...]
    adapted: bool

    def unidentified(self, outside: Outside) -> tuple[Unidentified, ...]:
        """What was not identified, without the parts that the user says do not exist."""
        left = self.recognition.unidentified
        return tuple(each for each in left if each.part not in outside.without)

    def declared(self, outside: Outside) -> tuple[str, ...]:
        """Names of the attributes that the target or its user declares."""
        return tuple(
            name for name in ATTRIBUTES if self.origin(name, outside.declared, {}) in EXPLICIT
        )

    def origin(self, name: str, declared: Mapping[str, Any], found: Mapping[str, Any]) -> Origin:
        """Where the value of an attribute comes from.

        ``declared`` are the attributes declared from outside, ``found`` those found by probing.
        """
        if name in declared:
            return Origin.DECLARED_OUTSIDE
        if name in found:
            return Origin.IDENTIFIED
        if name in self.recognition.origins:
            return self.recognition.origins[name]
        if name in self.own:
            return Origin.READ if self.adapted else Origin.DECLARED_INSIDE
        return Origin.DEFAULT


def prepare(variants: Sequence[Any], found: Any, outside: Outside) -> list[Prepared]:
    """Prepare the variants of a target for a check.

    Of several variants those are left out that have none of the dtypes that are declared.  Raises
    ContractError if a variant is not of the contract.
    """
    prepared = [_prepare(each, found, outside) for each in variants]
    fitting = [each for each in prepared if _fits(each, outside)] if len(prepared) > 1 else []
    if not fitting:
        return [_settled(each, outside, dtypes=outside.declared.get("dtypes")) for each in prepared]
    return [_settled(each, outside, dtypes=_common(each, outside)) for each in fitting]


def _prepare(made: Any, found: Any, outside: Outside) -> Prepared:
    adapted = made is not found and type(made) is not found
    return Prepared(
        made,
        Withheld(made, outside.without) if outside.without else made,
        declaration_of(made),
        recognition_of(made),
        attributes_of(made),
        adapted,
    )


def _settled(each: Prepared, outside: Outside, dtypes: tuple[str, ...] | None) -> Prepared:
    declared = {n: v for n, v in outside.declared.items() if n != "dtypes"}
    inner = getattr(each.made, "followed", "")
    if inner and "activation" in declared:
        raise ContractError(
            f"activation cannot be declared: the batch norm {inner} inside is checked, before the "
            "activation that follows it; leave --declare activation out"
        )
    if dtypes is not None:
        declared["dtypes"] = dtypes
    changed = with_declared(each.declaration, declared)
    if each.adapted:  # an adapter reads its attributes, so they have to say the same
        for name in declared:
            with suppress(AttributeError):  # one that cannot be changed is judged all the same
                setattr(each.made, name, getattr(changed, name))
    return replace(each, declaration=without_parts(changed, each.implementation))


def _common(each: Prepared, outside: Outside) -> tuple[str, ...] | None:
    wanted = outside.declared.get("dtypes")
    own = each.declaration.dtypes
    return None if wanted is None else tuple(dtype for dtype in wanted if dtype in own)


def _fits(each: Prepared, outside: Outside) -> bool:
    return _common(each, outside) != ()


def with_declared(declaration: Declaration, declared: Mapping[str, Any]) -> Declaration:
    """A declaration with attributes replaced; tables are merged entry by entry.

    >>> with_declared(Declaration(fixed={"channels": 8}), {"fixed": {"eps": 0.5}}).fixed
    {'channels': 8, 'eps': 0.5}
    >>> made = with_declared(Declaration(), {"running_variance": {2: "biased"}})
    >>> made.unbiased(2), made.unbiased(4)
    (False, True)
    """
    changed = {
        name: _merged(name, getattr(declaration, name), value) for name, value in declared.items()
    }
    return replace(declaration, **changed)


def _merged(name: str, before: Any, value: Any) -> Any:
    """A value with the entries of the value before it that it does not replace."""
    if name in MERGED:
        return {**before, **value}
    if name not in BY_KEY or not isinstance(value, Mapping):
        return value
    entries = dict.fromkeys(BY_KEY[name], before) if isinstance(before, str) else before
    merged = {**entries, **value}
    distinct = set(merged.values())
    return distinct.pop() if len(distinct) == 1 else merged


def without_parts(declaration: Declaration, implementation: Any) -> Declaration:
    """A declaration without the parts that are withheld from the check."""
    if not isinstance(implementation, Withheld):
        return declaration
    affine = "none" if Part.PARAMETERS in implementation.parts else declaration.affine_parameters
    return replace(declaration, methods=implementation.methods, affine_parameters=affine)
