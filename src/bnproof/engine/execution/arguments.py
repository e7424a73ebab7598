"""The arrays that an implementation is called with: made from a case, watched for changes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import DOUBLE_ARGUMENTS, LIKE_X_ARGUMENTS, Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import Alias, laid_out
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, STATISTICS, Argument, Mode


def to_declared(a: Array, declaration: Declaration) -> Array:
    """(N, C, *spatial) with the channels on the axis that the implementation declares."""
    return a if declaration.channel_axis == 1 else np.moveaxis(a, 1, -1)


def to_canonical(a: Array, declaration: Declaration) -> Array:
    """The inverse of `to_declared`."""
    return a if declaration.channel_axis == 1 or a.ndim < 2 else np.moveaxis(a, -1, 1)


class Arguments:
    """The arguments of the calls of one case, in their layouts and with their aliases.

    ``live`` are arrays that earlier calls have returned, given as they are.

    Attributes:
        x, dy, gamma, beta, running_mean, running_var, and ddx, ddgamma, ddbeta of double backward:
            as the implementation is given them, None where there are none.
    """

    def __init__(
        self, case: Case, declaration: Declaration, live: Mapping[Argument, Array] | None = None
    ) -> None:
        self._case, self._declaration = case, declaration
        self._live = live or {}
        self._arrays: dict[Argument, Array | None] = {}
        names: tuple[Argument, ...] = ("x", "dy", *CHANNEL_ARGUMENTS, *DOUBLE_ARGUMENTS)
        for name in names:
            self._arrays[name] = self._make(name, getattr(case, name))
        if declaration.residual:
            added = np.zeros_like(case.x) if case.residual is None else case.residual
            self._arrays["residual"] = self._make("residual", added)
        if declaration.mask:
            self._arrays["mask"] = self._make("mask", case.mask)
        self._before = self._bytes()

    def __getitem__(self, name: Argument) -> Any:
        return self._arrays[name]

    def _make(self, name: Argument, values: Array | None) -> Array | None:
        if name in self._live:
            return self._live[name]
        layout = self._case.layouts.get(name, "C")
        if isinstance(layout, Alias):
            return self._arrays[layout.of]
        if values is None:
            return None
        if name in LIKE_X_ARGUMENTS:
            values = to_declared(values, self._declaration)
        return laid_out(values, layout)

    def extras(self, mode: Mode) -> dict[str, Any]:
        """What the target takes beside the arguments of the contract, by keyword."""
        taken: tuple[Argument, ...] = ("residual", "mask") if mode == "train" else ("residual",)
        return {name: self._arrays[name] for name in taken if name in self._arrays}

    def statistics(self) -> tuple[Array, Array]:
        """The running statistics; fresh buffers in the same layout where they are updated."""
        if not self._declaration.in_place:
            return self["running_mean"], self["running_var"]
        made = [self._make(n, getattr(self._case, n)) for n in STATISTICS]
        return made[0], made[1]  # type: ignore[return-value]  # statistics are never None

    def refill(self, case: Case) -> None:
        """Put the data of another case of the same shapes into the same memory."""
        for name, held in self._arrays.items():
            values = getattr(case, name)
            if held is not None and values is not None:
                like_x = name in LIKE_X_ARGUMENTS
                held[...] = to_declared(values, self._declaration) if like_x else values
        self._before = self._bytes()
        self._case = case.with_(layouts=self._case.layouts)

    def _bytes(self) -> dict[str, bytes]:
        return {name: a.tobytes() for name, a in self._arrays.items() if a is not None}

    def changed(self) -> list[str]:
        """Names of the arguments that are not, byte for byte, what they were."""
        now = self._bytes()
        return [name for name, before in self._before.items() if now[name] != before]

    @property
    def may_be_refused(self) -> bool:
        """Whether an implementation that declares to copy such memory may refuse it instead."""
        given = [a for a in self._arrays.values() if a is not None]
        if self._declaration.keeps_strides is False:
            return any(not a.flags.c_contiguous for a in given)
        negative = any(stride < 0 for a in given for stride in a.strides)
        return negative and self._declaration.keeps_strides == "positive"

    def shares_memory(self, a: Array) -> bool:
        """Whether an array shares memory with an argument."""
        given = [b for b in self._arrays.values() if b is not None]
        if type(a) is np.ndarray and a.flags.owndata:  # shared only with itself and with its views
            return any(b is a or b.base is a for b in given)
        return any(np.may_share_memory(a, b) for b in given)
