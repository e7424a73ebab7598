"""Implementations that behave oddly around numbers that are right."""

from __future__ import annotations

import gc
import logging
import os
import random
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from sound import Call, Sound


class PrintsProgress(Sound):
    """Prints a line at every call."""

    def _root(self, call: Call) -> Any:
        sys.stdout.write(f"normalising {call.x.shape}\n")
        sys.stderr.write("done\n")
        return super()._root(call)


class ReseedsEverything(Sound):
    """Seeds the global random states of Python and NumPy at every call."""

    def _root(self, call: Call) -> Any:
        random.seed(0)
        np.random.seed(0)
        return super()._root(call)


class ChangesErrorState(Sound):
    """Makes NumPy silent about floating-point errors for good."""

    def _root(self, call: Call) -> Any:
        np.seterr(all="ignore")
        return super()._root(call)


class ChangesPrinting(Sound):
    """Changes how NumPy prints numbers."""

    def _root(self, call: Call) -> Any:
        np.set_printoptions(precision=1, threshold=3, suppress=True)
        return super()._root(call)


class Warns(Sound):
    """Emits a warning of its own at every call."""

    def _root(self, call: Call) -> Any:
        warnings.warn("this kernel is deprecated", DeprecationWarning, stacklevel=2)
        return super()._root(call)


class Logs(Sound):
    """Logs an error at every call."""

    def _root(self, call: Call) -> Any:
        logging.getLogger("zoo").error("this is not an error")
        return super()._root(call)


class SetsEnvironment(Sound):
    """Sets an environment variable and collects garbage."""

    def _root(self, call: Call) -> Any:
        os.environ["ZOO"] = "1"
        gc.collect(0)
        return super()._root(call)


class Raises(Sound):
    """Raises and catches an exception inside."""

    def _root(self, call: Call) -> Any:
        try:
            return super()._root(call) + (np.zeros(2) + np.zeros(3))
        except ValueError:
            return super()._root(call)


class OwnErrors(Sound):
    """Refuses a single value with an exception that is not a ValueError."""

    def _check(self, call: Call) -> None:
        if len(call.x) < 2:
            raise ArithmeticError


class AlgorithmBySize(Sound):
    """Sums in pairs above 64 values, in float64 above 1024, and plainly below."""

    def _sum(self, rows: Any) -> Any:
        if len(rows) > 1024:
            return rows.sum(axis=0, dtype=np.float64).astype(rows.dtype)
        if len(rows) > 64:
            return np.ascontiguousarray(rows.T).sum(axis=1)
        return rows.sum(axis=0)


class AlgorithmByLayout(Sound):
    """Folds arrays that are not contiguous, and sums them backwards."""

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        inner = Sound() if arrays[0].flags.c_contiguous else _Reversed()
        return inner.train(*arrays, momentum=momentum, eps=eps)


class _Reversed(Sound):
    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        return call.x * scale + (call.beta - call.mean * scale)

    def _sum(self, rows: Any) -> Any:
        return rows[::-1].copy().sum(axis=0)


class AlgorithmByParity(Sound):
    """Takes turns between two right ways to sum, so that the same call changes its bits."""

    deterministic = False

    def __init__(self) -> None:
        self._turn = 0

    def _sum(self, rows: Any) -> Any:
        self._turn += 1
        return (rows if self._turn % 2 else rows[::-1].copy()).sum(axis=0)


class Threads(Sound):
    """Sums in four threads and adds their results in the order in which rows lie."""

    def _sum(self, rows: Any) -> Any:
        if len(rows) < 512:
            return rows.sum(axis=0)
        parts = np.array_split(rows, 4)
        with ThreadPoolExecutor(4) as pool:
            sums = list(pool.map(lambda part: part.sum(axis=0), parts))
        return sums[0] + sums[1] + (sums[2] + sums[3])


class Slots(Sound):
    """Has no attributes of its own."""

    __slots__ = ()


class StaticFunctions:
    """Offers its functions as static methods."""

    dtypes = ("float32", "float64")

    @staticmethod
    def train(*arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        return Sound().train(*arrays, momentum=momentum, eps=eps)

    @staticmethod
    def infer(*arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        return Sound().infer(*arrays, eps=eps)


class ClassFunctions:
    """Offers its functions as class methods, and takes settings that nobody gives."""

    dtypes = ("float32", "float64")
    name = "class functions"
    version = "0.0"

    @classmethod
    def train(
        cls, *arrays: Any, momentum: float = 0.5, eps: float = 0.5, extra: int = 0, **rest: Any
    ) -> Any:
        """Normalise with the statistics of the batch."""
        del extra, rest
        return Sound().train(*arrays, momentum=momentum, eps=eps)

    @classmethod
    def infer(cls, *arrays: Any, eps: float = 0.5, **rest: Any) -> Any:
        """Normalise with the running statistics."""
        del rest
        return Sound().infer(*arrays, eps=eps)


class CallableBackward(Sound):
    """Returns an object with __call__ as its backward pass."""

    def _pullback(self, *arguments: Any) -> Any:
        return _Pullback(super()._pullback(*arguments))


class _Pullback:
    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, dy: Any) -> Any:
        return self._function(dy)


class CountsCalls(Sound):
    """Counts its calls and keeps its last results, without ever using them again."""

    def __init__(self) -> None:
        self.calls = 0
        self.last: Any = None

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        self.calls += 1
        self.last = super().train(*arrays, momentum=momentum, eps=eps)
        return self.last


class Equal(Sound):
    """Says that it equals everything."""

    def __eq__(self, other: object) -> bool:
        """Return True."""
        return True

    def __hash__(self) -> int:
        """Return 0."""
        return 0


class RestoresX(Sound):
    """Centres x in place and writes the very bits back before it returns."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        kept = call.x.copy()
        mean = self._mean(call.x)
        call.x -= mean
        var = self._mean(call.x * call.x)
        call.x[...] = kept
        return mean, var
