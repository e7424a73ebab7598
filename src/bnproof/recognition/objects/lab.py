"""Experiments on objects of a target: each on a new object, in a known state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array, name_of
from bnproof.recognition.aliases import Role
from bnproof.recognition.objects.arrays import Arrays
from bnproof.recognition.objects.call_modes import Modes, Returned, returned
from bnproof.recognition.objects.data import probe
from bnproof.recognition.objects.extra_inputs import ExtraInput
from bnproof.recognition.objects.makers import Maker, Wanted
from bnproof.recognition.objects.slots import Path, arrays_in, held, put
from bnproof.recognition.user_calls import called

State = Mapping[Path, Array]


@dataclass(frozen=True)
class Lab:
    """How objects of a target are made and called.

    Attributes:
        axis: of the channels, 1 or -1; `columns` where samples are columns of a matrix.
        warm_up: whether a new object is trained once, so that it makes what it makes lazily.
        base: slots that each new object is given, for experiments.
        undone: what takes an activation off y in experiments, None where nothing does.
    """

    maker: Maker
    arrays: Arrays
    modes: Modes
    dtype: str
    channels: int = 3
    axis: int = 1
    columns: bool = False
    warm_up: bool = False
    eps: float | None = None
    momentum: Any = None
    base: State = field(default_factory=dict)
    undone: Callable[[Array], Array] | None = None

    def with_(self, **changes: Any) -> "Lab":
        """A copy with some fields changed."""
        return replace(self, **changes)

    def new(self, rank: int, dtype: str = "") -> Any:
        """A new object in the dtype, warmed up where it is lazy."""
        kind = dtype or self.dtype
        wanted = Wanted(self.channels, rank, kind, self.eps, self.momentum)
        made = self.maker.make(wanted, self.arrays)
        self.cast(made, self.dtype if self.warm_up else kind)
        if self.warm_up:  # in the dtype that works, since what is made lazily may have its own
            self.run(made, self._warm(rank), training=True, dtype=self.dtype)
            self.cast(made, kind)
        there = {p: v for p, v in self.base.items() if self.arrays.is_array(held(made, p))}
        self.load(made, there)
        return made

    def cast(self, owner: Any, dtype: str) -> None:
        """Put all floating-point arrays of an object into a dtype, shared ones together."""
        made: dict[int, Any] = {}
        for path, value in list(arrays_in(owner, self.arrays)):
            if self.arrays.is_floating(value):
                cast = made.setdefault(id(value), self.arrays.cast(value, dtype))
                if cast is not value:
                    called(put, owner, path, cast)

    def _warm(self, rank: int) -> Any:
        shape = (4, self.channels, *(2,) * (rank - 2))
        ramp = np.arange(np.prod(shape)).reshape(shape) % 7 - 3.0
        return self.native(ramp.astype(FORMATS[self.dtype].dtype))

    def native(self, x: Array, *, copied: bool = False) -> Any:
        """x in the target's layout and framework."""
        return self.arrays.native(self.laid_out(x), copied=copied)

    def laid_out(self, x: Array) -> Array:
        """(N, C, ...) as the target takes it."""
        if self.columns:
            return x.T
        return x if self.axis == 1 else np.moveaxis(x, 1, -1)

    def canonical(self, y: Array) -> Array:
        """The inverse of `laid_out`."""
        if self.columns:
            return y.T
        return y if self.axis == 1 or y.ndim < 2 else np.moveaxis(y, -1, 1)

    def setting(self, role: Role, dtype: str) -> Any:
        """What is passed to a call that takes more than x."""
        if role is Role.EPS:
            return 1e-5 if self.eps is None else self.eps
        if role is Role.MOMENTUM:
            return 0.1 if self.momentum is None else self.momentum
        shape = (self.channels, 1) if self.columns else (self.channels,)
        filled = np.ones if role in (Role.GAMMA, Role.RUNNING_VAR) else np.zeros
        return self.arrays.native(filled(shape, FORMATS[dtype].dtype))

    def run(
        self,
        owner: Any,
        native: Any,
        *,
        training: bool,
        dtype: str,
        residual: Any = None,
        mask: Array | None = None,
    ) -> Any:
        """What an object returns of x, and of what is added or masked, as the target takes it."""

        def extra(each: ExtraInput) -> Any:
            return each.value(mask if each.is_mask else residual, native, self.arrays)

        return self.modes.call(
            owner,
            native,
            training=training,
            given=lambda role: self.setting(role, dtype),
            extra=extra,
        )

    def with_extras(self, *extras: ExtraInput) -> "Lab":
        """The lab in which forward has these parameters beside x."""
        modes = self.modes
        train = replace(modes.train, extras=extras)
        evaluate = None if modes.evaluate is None else replace(modes.evaluate, extras=extras)
        return self.with_(modes=replace(modes, train=train, evaluate=evaluate))

    def steady(self, rank: int) -> "Lab":
        """The lab with one state for all new objects, since parameters may be drawn at random."""
        return replace(self, base={**self.per_channel(self.new(rank)), **self.base})

    # --- experiments ----------------------------------------------------------------------

    def probe(self, rank: int) -> Array:
        """Data of a rank, canonical, in the dtype of the lab."""
        return probe(rank, FORMATS[self.dtype].dtype, self.channels)

    def once(self, rank: int, x: Array, *, training: bool) -> Array:
        """y of a new object, which is called once."""
        return self.y(self.new(rank), x, training=training)

    def prepared(self, rank: int, state: State) -> Any:
        """A new object with some of its slots set."""
        made = self.new(rank)
        self.load(made, state)
        return made

    def load(self, owner: Any, state: State) -> None:
        """Set slots, in the shape that they have."""
        for path, values in state.items():
            present = held(owner, path)
            if present is None:
                called(put, owner, path, self.arrays.native(np.array(values)))
                continue
            written = self.arrays.write(present, np.asarray(values))
            if written is not present:
                called(put, owner, path, written)

    def forward(
        self,
        owner: Any,
        x: Array,
        *,
        training: bool,
        residual: Array | None = None,
        mask: Array | None = None,
    ) -> Returned:
        """One call, with what it returned; x is canonical."""
        given = self.laid_out(x)
        native = self.arrays.native(given, copied=True)
        added = None if residual is None else self.native(residual, copied=True)
        result = self.run(
            owner, native, training=training, dtype=name_of(x.dtype), residual=added, mask=mask
        )
        return returned(result, given.shape, self.arrays)

    def y(self, owner: Any, x: Array, *, training: bool, **extra: Any) -> Array:
        """y as an array in the canonical layout; ``extra`` are residual and mask."""
        y = self.canonical(self.arrays.plain(self.forward(owner, x, training=training, **extra).y))
        return y if self.undone is None else self.undone(y)

    def per_channel(self, owner: Any) -> dict[Path, Array]:
        """Copies of all floating-point arrays with one value per channel."""
        return {
            path: self.arrays.plain(value).reshape(-1)
            for path, value in arrays_in(owner, self.arrays)
            if self.arrays.is_floating(value) and _size(value) == self.channels
        }


def _size(value: Any) -> int:
    return int(np.prod(tuple(value.shape)))
