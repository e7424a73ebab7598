"""A relation: how twins are made of one base case, and the name by which properties find them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case, Changes, Twin
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument


@dataclass(frozen=True)
class Change:
    """What a twin has other than its base.

    Attributes:
        name: of the twin, after the base's name and a colon.
        values: fields of `Case`; arrays are rounded to the dtype of those that they replace.
        how: parameters of the transformation, for the property.
    """

    name: str
    values: Changes
    how: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Base:
    """The case that twins are made of, its arrays as float64.

    Attributes:
        case: the base, as (N, C).
        declaration: of the implementation.
        draw: an array of a shape (N, C) for dy, on the grid of the base.
        rng: for whatever else is drawn.
    """

    case: Case
    declaration: Declaration
    draw: Callable[[], Array] = field(repr=False)
    rng: np.random.Generator = field(repr=False)

    @cached_property
    def x(self) -> Array:
        """x as float64."""
        return np.asarray(self.case.x, np.float64)

    @cached_property
    def dy(self) -> Array:
        """dy as float64."""
        return np.asarray(self.case.dy, np.float64)

    @cached_property
    def other_dy(self) -> Array:
        """Another dy, the same for all relations that need two."""
        return self.draw()

    def wide(self, name: Argument) -> Array:
        """gamma, beta or a running statistic as float64."""
        return np.asarray(getattr(self.case, name), np.float64)

    def per_channel(self, index: Any) -> Changes:
        """gamma, beta and the running statistics of some channels, as far as there are any."""
        case = self.case
        changes: Changes = {
            "running_mean": case.running_mean[index],
            "running_var": case.running_var[index],
        }
        if case.gamma is not None:
            changes["gamma"] = case.gamma[index]
        if case.beta is not None:
            changes["beta"] = case.beta[index]
        return changes


@dataclass(frozen=True)
class Relation:
    """A relation between a base case and its twins.

    Attributes:
        name: of the function that makes the twins.
        changes: what the twins have other than the base.
    """

    name: str
    changes: Callable[[Base], Iterator[Change]] = field(repr=False)

    def twins(self, base: Base) -> Iterator[Case]:
        """The twins of a base."""
        for change in self.changes(base):
            yield base.case.with_(
                name=f"{base.case.name}: {change.name}",
                twin=Twin(base.case.name, self.name, change.how),
                **{name: _like(getattr(base.case, name), v) for name, v in change.values.items()},
            )


def _like(replaced: Any, value: Any) -> Any:
    return value.astype(replaced.dtype) if isinstance(value, np.ndarray) else value


def relation(changes: Callable[[Base], Iterator[Change]]) -> Relation:
    """Register the function below as a relation of its name."""
    return Relation(changes.__name__, changes)
