"""From a class, factory or instance to an implementation of the contract."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bnproof.recognition.aliases import Role
from bnproof.recognition.errors import NotRecognised, Unusable
from bnproof.recognition.exceptions import Raised, raised
from bnproof.recognition.frameworks import Framework, frameworks_of
from bnproof.recognition.objects.arrays import Arrays, NumPyArrays, TorchArrays
from bnproof.recognition.objects.call_modes import FORWARD, modes_of
from bnproof.recognition.objects.claims import claimed_ranks, maker_of, speaks_of_columns
from bnproof.recognition.objects.data import CHANNELS
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.makers import Maker, Wanted, makers_of, with_setup
from bnproof.recognition.objects.refusals import Refusal, unusable
from bnproof.recognition.objects.slots import (
    arrays_in,
    is_torch_class,
    is_torch_module,
    leaves,
    per_channel_roles,
    roles_of_path,
)
from bnproof.recognition.patterns import RANKS, Pattern, pattern
from bnproof.recognition.user_calls import UsersError


@dataclass(frozen=True)
class Tried:
    """What one rank and layout showed.

    Attributes:
        rank, axis, columns: what was tried.
        training: the pattern in training.
    """

    rank: int
    axis: int
    columns: bool
    training: Pattern

    @property
    def right(self) -> bool:
        """Whether the statistics are those of a channel."""
        return self.training == Pattern.CHANNEL


@dataclass
class Found:
    """An object that can be made and called.

    Attributes:
        lab: how, in the first rank that works.
        tried: what each rank showed, the layouts of the lab only.
    """

    lab: Lab
    tried: list[Tried] = field(default_factory=list)


def find(target: Any) -> Found:
    """How objects of a target are made and called.

    Raises `Unusable`, with what the user's code raised, if objects cannot be made or called, and
    `NotRecognised` if there is nothing to call.
    """
    refusals: list[Refusal] = []
    for maker in makers_of(target):
        for arrays in frameworks(target):
            for dtype in ("float64", "float32"):
                found = _with(maker, arrays, dtype, refusals)
                if found is not None:
                    return found
    if not refusals:
        raise NotRecognised(target)
    raise unusable(refusals)


def frameworks(target: Any) -> Iterator[Arrays]:
    """The frameworks to try: what the methods that are called use themselves comes first."""
    kind = maker_of(target)
    if is_torch_class(kind):
        yield TorchArrays()
        return
    methods = [getattr(kind, name, None) for name in FORWARD] if isinstance(kind, type) else [kind]
    found = [
        each for method in methods if inspect.isroutine(method) for each in frameworks_of(method)
    ]
    for framework in dict.fromkeys(found or [Framework.NUMPY]):
        if framework is Framework.TORCH:
            yield TorchArrays()
        elif framework is Framework.NUMPY and Framework.JAX not in found[:1]:
            yield NumPyArrays()
    if Framework.JAX in found[:1]:
        raise Unusable(
            "it works on JAX arrays; functions on JAX arrays are recognised, objects not"
        )


def _with(maker: Maker, arrays: Arrays, dtype: str, refusals: list[Refusal]) -> Found | None:
    """What works with one maker, framework and dtype."""
    channels = channels_of(maker, arrays)
    example = _example(maker, arrays, dtype, channels)
    if isinstance(example, Refusal):
        refusals.append(example)
        return None
    ways = 0
    for made in (maker, with_setup(maker, example)):
        if made is None:
            continue
        for modes in modes_of(example, is_module=is_torch_module(example)):
            ways += 1
            lab = Lab(made, arrays, modes, dtype, channels)
            tried = _ranks(lab, refusals)
            if tried:
                return Found(_laid(lab, tried), tried)
            frozen = lab.with_(modes=replace(modes, evaluates_only=True))
            tried = [t for t in _ranks(frozen, refusals) if t.training == Pattern.ELEMENT]
            if tried:
                return Found(_laid(frozen, tried), tried)
    if not ways and inspect.isroutine(maker.target):
        kind = type(example).__name__
        refusals.append(Refusal("making an object", Raised(f"gave a {kind}, which has no forward")))
    return None


def _example(maker: Maker, arrays: Arrays, dtype: str, channels: int) -> Any:
    """An object, or why there is none; an object may be made for some rank only."""
    refusal = None
    for rank in RANKS:
        try:
            return maker.make(Wanted(channels, rank, dtype), arrays)
        except UsersError as caught:
            refusal = refusal or Refusal(
                "making an object raised", raised(caught.error), made=False
            )
    return refusal


def channels_of(maker: Maker, arrays: Arrays) -> int:
    """The channels that an instance has: the size that most of its named arrays have."""
    if not maker.is_instance:
        return CHANNELS
    sizes = [
        int(np.prod(tuple(value.shape)))
        for path, value in arrays_in(maker.target, arrays)
        if per_channel_roles(path)
    ]
    if sizes:
        return max(sizes, key=sizes.count)
    told = [v for p, v in leaves(maker.target) if Role.CHANNELS in roles_of_path(p)]
    return next((v for v in told if isinstance(v, int) and v > 0), CHANNELS)


def _ranks(lab: Lab, refusals: list[Refusal]) -> list[Tried]:
    """The ranks that are offered, each in the layout that is right in kind or the first that runs.

    Where some rank is right, another that is wrong in kind is taken for an accident of
    broadcasting, as in code for rows that is given images, unless the source speaks of that rank.
    """
    by_rank = {rank: list(_layouts(lab, rank, refusals)) for rank in RANKS}
    right = [t for tried in by_rank.values() for t in tried if t.right]
    if not right:
        return [tried[0] for tried in by_rank.values() if tried]
    claimed = claimed_ranks(lab.maker.target)
    wrong = [tried[0] for tried in by_rank.values() if tried and not any(t.right for t in tried)]
    meant = [t for t in wrong if t.rank in claimed]
    layout = _commonest([*right, *meant])
    offered = [*right, *meant]
    return [t for t in offered if _layout(t) == layout or (t.rank == 2 and not layout[1])]


def _layout(tried: Tried) -> tuple[int, bool]:
    return tried.axis, tried.columns


def _commonest(right: list[Tried]) -> tuple[int, bool]:
    """The layout of most ranks above 2; channels on axis 1 where there are as many."""
    layouts = [_layout(t) for t in right if t.rank > 2] or [_layout(t) for t in right]
    return max(sorted(set(layouts), reverse=True), key=layouts.count)


def _layouts(lab: Lab, rank: int, refusals: list[Refusal]) -> Iterator[Tried]:
    for axis, columns in ((1, False), (-1, False), (1, True)):
        if (rank == 2 and axis == -1) or (rank > 2 and columns):
            continue
        if columns and not _columns_are_meant(lab):
            continue
        laid = lab.with_(axis=axis, columns=columns)
        tried = _tried(laid, rank, refusals)
        if tried is not None:
            yield tried
            if tried.right:
                return


def _columns_are_meant(lab: Lab) -> bool:
    """Whether samples may be columns: an array is (C, 1), or the text speaks of columns."""
    if speaks_of_columns(lab.maker.target):
        return True
    try:
        example = lab.new(2)
    except UsersError:
        return False
    shapes = [tuple(v.shape) for p, v in arrays_in(example, lab.arrays) if per_channel_roles(p)]
    return any(shape == (lab.channels, 1) for shape in shapes)


def _tried(lab: Lab, rank: int, refusals: list[Refusal]) -> Tried | None:
    """The patterns of one rank and layout, None where training cannot be called."""
    x = lab.probe(rank)

    def function(training: bool) -> Any:
        return lambda given: lab.once(rank, given, training=training)

    try:
        lab = lab.steady(rank)
        training = pattern(function(True), x, 1)
    except UsersError as caught:
        what = f"training on x of shape {lab.laid_out(x).shape} raised"
        refusals.append(Refusal(what, raised(caught.error)))
        return None
    return Tried(rank, lab.axis, lab.columns, training)


def _laid(lab: Lab, tried: list[Tried]) -> Lab:
    """The lab in the layout of what was found."""
    axis, columns = _layout(max(tried, key=lambda t: t.rank))
    return lab.with_(axis=axis, columns=columns)
