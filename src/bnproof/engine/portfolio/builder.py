"""Making cases that an implementation can be given: its dtypes, ranks, conventions and limits."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case, Plan, Rest, Twin, columns
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import stock
from bnproof.engine.portfolio.turns import in_turn, sharing

Parameter = ArrayLike | None

SMALL_EPS = 2.0**-10
"""An eps that matters little beside a variance of 1."""


class Builder:
    """Makes the cases of one dtype for one declaration, from a seed.

    Cases are given as (N, C) or in a shape of their own; `every_rank` carries one to all ranks
    that are declared.  Settings that the implementation cannot take are moved into its range,
    and x is scaled by a power of two so that eps stays comparable to the variance.

    Where each shape is compiled, cases come in the stock of shapes (`stock`), as far as their
    chapters ask for it by `rows`, `power_of_two` and `ordinary`; one that rotates gives each of
    these shapes one rank, and only the ordinary shape all.

    Cases that cost much and do not depend on the dtype come in one of the dtypes that are checked,
    which ``among`` are, in turns (`in_turn`); one dtype that is checked alone has them all.
    """

    def __init__(
        self,
        declaration: Declaration,
        dtype: str,
        seed: int = 0,
        *,
        rotate: bool = False,
        among: Sequence[str] = (),
    ) -> None:
        self.declaration = declaration
        self._among = tuple(among)
        first = list(FORMATS).index(dtype) if declaration.compiles_per_shape else 0
        turns = itertools.islice(itertools.cycle(declaration.ranks), first, None)
        self._turn = turns if rotate else None
        self._rank_of: dict[tuple[int, ...], int] = {}
        self.main_ranks = declaration.ranks[:2] if rotate else declaration.ranks
        self.dtype = dtype
        self.format = FORMATS[dtype]
        self.parameters = FORMATS[declaration.parameter_dtype(dtype)]
        self.rng = np.random.default_rng([seed, *dtype.encode()])
        self.wide = not self.format.is_16_bit

    def normal(self, *shape: int) -> Array:
        """Standard normal numbers."""
        return self.rng.normal(size=shape)

    def ordinary(self, count: int, channels: int) -> Array:
        """Standard normal numbers for a case that any other shape would suit as well."""
        return self.normal(self.rows(count), self.columns(channels))

    def in_turn(self, number: int) -> bool:
        """Whether this dtype has a case of this number, where the checked dtypes take turns.

        >>> few = Declaration(dtypes=("float32", "float64"))
        >>> [Builder(few, "float64", among=few.dtypes).in_turn(number) for number in range(3)]
        [True, False, True]
        """
        return in_turn(number, self.dtype, self._among)

    @property
    def sharing(self) -> list[str]:
        """The dtypes that take turns."""
        return sharing(self.dtype, self._among)

    @property
    def turns(self) -> int:
        """How many dtypes take turns."""
        return len(self.sharing)

    def rows(self, count: int) -> int:
        """A number of values, or one of the stock that suits as well."""
        return stock.rows(count) if self.compiled else count

    def power_of_two(self, count: int) -> int:
        """A number of values that is a power of two, or one of the stock that is."""
        return stock.power_of_two(count) if self.compiled else count

    def columns(self, channels: int) -> int:
        """A number of channels, or that of the stock."""
        return stock.CHANNELS if self.compiled else channels

    @property
    def rotates(self) -> bool:
        """Whether a case comes in one rank, in turns, instead of all."""
        return self._turn is not None

    @property
    def compiled(self) -> bool:
        """Whether each shape is compiled, so that few shapes are given."""
        return self.declaration.compiles_per_shape

    def case(
        self,
        name: str,
        x: ArrayLike,
        *,
        eps: float = 0.5,
        weight: float | None = 0.125,
        momentum: float | None = None,
        dy: Parameter = None,
        gamma: Parameter = None,
        beta: Parameter = None,
        running_mean: Parameter = None,
        running_var: Parameter = None,
        calls: Plan = "full",
        tags: frozenset[Tag] = frozenset(),
        **more: Unpack[Rest],
    ) -> Case:
        """One case; whatever is not given is drawn, with gamma of both signs.

        ``weight`` is that of the new value in the running average; ``momentum`` instead is taken
        as it stands, in the implementation's own convention.
        """
        data = np.asarray(x, np.float64)
        channels = data.shape[1]
        drawn: dict[Argument, Any] = {
            "gamma": self.rng.choice([-1.0, 1.0], channels) * self.rng.uniform(0.5, 2, channels),
            "beta": self.rng.uniform(-2, 2, channels),
            "running_mean": self.rng.uniform(-1, 1, channels),
            "running_var": self.rng.uniform(0.5, 2, channels),
        }
        upstream = self.rng.normal(size=data.shape) + 0.5 if dy is None else dy
        given: dict[Argument, Parameter] = {
            "gamma": gamma,
            "beta": beta,
            "running_mean": running_mean,
            "running_var": running_var,
        }
        for key, value in given.items():
            if value is not None:
                drawn[key] = self._per_channel(value, channels)
        if momentum is None and weight is not None:
            momentum = 1 - weight if self.declaration.momentum_weighs == "old" else weight
        data, eps, drawn = self._in_range(data, eps, drawn)
        momentum = self._momentum(momentum)
        parameters = {key: self.parameters.round(value) for key, value in drawn.items()}
        more.setdefault("data_key", name)
        made = Case(
            name=name,
            x=self.format.round(data),
            dy=self.format.round(np.broadcast_to(np.asarray(upstream, np.float64), data.shape)),
            gamma=parameters["gamma"] if self.declaration.has_gamma else None,
            beta=parameters["beta"] if self.declaration.has_beta else None,
            running_mean=parameters["running_mean"],
            running_var=parameters["running_var"],
            eps=eps,
            momentum=momentum,
            calls=calls,
            tags=tags,
            **more,
        )
        return self._fixed_sizes(made)

    def every_rank(self, case: Case, *, ranks: Sequence[int] | None = None) -> Iterator[Case]:
        """A case in every declared rank; truth is the same, so it is formed once.

        A builder that rotates gives it in one rank, the next one's in the next, unless ``ranks``
        are asked for.
        """
        if self.declaration.fixes("shape"):
            yield case
            return
        for rank in self._ranks_of(case, ranks):
            if rank in self.declaration.ranks:
                yield to_rank(case, rank)

    def ranks(self) -> tuple[int, ...]:
        """The ranks that the next case comes in."""
        return self.declaration.ranks if self._turn is None else (next(self._turn),)

    def _ranks_of(self, case: Case, among: Sequence[int] | None) -> Sequence[int]:
        """The ranks of a case: all, or those of ``among``, or one of them.

        A shape that is compiled for few cases comes in one rank, if the builder rotates.
        """
        if not self.compiled or self._turn is None or stock.is_ordinary(case):
            return self.ranks() if among is None else among
        fitting = self.declaration.ranks if among is None else among
        shape, there = case.x.shape, [r for r in fitting if r in self.declaration.ranks]
        if there and self._rank_of.get(shape) not in there:
            self._rank_of[shape] = next(rank for rank in self._turn if rank in there)
        return (self._rank_of[shape],) if there else ()

    @property
    def only_channels(self) -> int | None:
        """The number of channels, where the implementation has only one."""
        shape = self.declaration.fixed.get("shape")
        if shape is not None:
            return self._canonical(shape)[1]
        channels: int | None = self.declaration.fixed.get("channels")
        return channels

    def _canonical(self, shape: Sequence[int]) -> tuple[int, ...]:
        """A declared shape with the channels on axis 1."""
        if self.declaration.channel_axis == -1:
            return (shape[0], shape[-1], *shape[1:-1])
        return tuple(shape)

    # --- what the implementation can take -------------------------------------------------

    def _per_channel(self, value: ArrayLike, channels: int) -> Array:
        """A value per channel; those of a case that was given more channels come again."""
        wide = np.asarray(value, np.float64)
        if self.compiled:
            return np.resize(wide, channels)
        return np.broadcast_to(wide, channels).copy()

    def _in_range(
        self, x: Array, eps: float, parameters: dict[Argument, Array]
    ) -> tuple[Array, float, dict[Argument, Array]]:
        fixed = self.declaration.fixed.get("eps")
        low, high = self.declaration.accepts.get("eps", (0.0, math.inf))
        due = float(fixed) if fixed is not None else min(max(eps, low), high)
        if due in (eps, 0) or eps == 0:
            return x, due, parameters
        scale = 2.0 ** round(math.log2(due / eps) / 2)
        scaled = dict(parameters)
        scaled["running_mean"] = parameters["running_mean"] * scale
        scaled["running_var"] = parameters["running_var"] * scale**2
        return x * scale, due, scaled

    def _momentum(self, momentum: float | None) -> float | None:
        if momentum is None:
            return None
        fixed = self.declaration.fixed.get("momentum")
        low, high = self.declaration.accepts.get("momentum", (0.0, 1.0))
        return float(fixed) if fixed is not None else min(max(momentum, low), high)

    def _fixed_sizes(self, case: Case) -> Case:
        """The case in the only number of channels, or the only shape, that the target has."""
        shape, channels = self.declaration.fixed.get("shape"), self.only_channels
        if channels is None or (shape is None and channels == case.channels):
            return case
        resized = {n: _resize(getattr(case, n), channels) for n in CHANNEL_ARGUMENTS}
        made = case.with_arrays(resized)
        x, dy = (_channels(a, channels) for a in (case.x, case.dy))
        if shape is not None:
            canonical = self._canonical(shape)
            x, dy = (_reshaped(columns(a), canonical) for a in (x, dy))
        tags = case.tags - {Tag.EXACT}
        return made.with_(x=x, dy=dy, tags=tags, data_key="", twin=None, steps=())


def _resize(a: Array | None, channels: int) -> Array | None:
    return None if a is None else np.resize(a, channels)


def _channels(a: Array, channels: int) -> Array:
    return a[:, np.arange(channels) % a.shape[1]]


def _reshaped(a: Array, shape: tuple[int, ...]) -> Array:
    count = shape[0] * math.prod(shape[2:])
    rows = np.arange(count) % len(a)
    spatial = shape[2:]
    return np.moveaxis(a[rows].reshape(shape[0], *spatial, shape[1]), -1, 1).copy()


def to_rank(case: Case, rank: int) -> Case:
    """The same columns in another rank: (N, C) is also (N / h, C, h, 1).

    Spatial axes are merged, or axes of length 1 are added, so that `columns` gives the same.
    """
    own = case.x.ndim
    if own == rank:
        return case

    def turn(a: Array) -> Array:
        if rank == 2:
            return columns(a).copy()
        if own == 2:
            n, c = a.shape
            height = next(h for h in (4, 3, 2, 1) if n % h == 0)
            split = a.reshape(n // height, height, c)
            return np.moveaxis(split, -1, 1).reshape(n // height, c, height, *(1,) * (rank - 3))
        n, c, *spatial = a.shape
        if rank > own:
            return a.reshape(n, c, *spatial, *(1,) * (rank - own))
        kept = spatial[: rank - 3]
        return a.reshape(n, c, *kept, math.prod(spatial[rank - 3 :]))

    return case.with_(
        name=f"{case.name}, rank {rank}",
        x=np.ascontiguousarray(turn(case.x)),
        dy=np.ascontiguousarray(turn(case.dy)),
        steps=tuple(np.ascontiguousarray(turn(s)) for s in case.steps),
        twin=_twin_in_rank(case.twin, rank),
    )


def _twin_in_rank(twin: Twin | None, rank: int) -> Twin | None:
    if twin is None:
        return None
    how = dict(twin.how)
    if "with" in how:  # the name of a third case
        how["with"] = f"{how['with']}, rank {rank}"
    return Twin(f"{twin.of}, rank {rank}", twin.relation, how)
