"""A whole file of a course's exercise, as the pieces that can be judged one by one.

The functions are `FUNCTIONS`, each of which may be missing; a target that is a file as a whole,
``file.py:*``, stands for them.  A piece calls one function in one mode, or a backward pass after
the forward pass whose cache it needs, so that what one of them does wrong leaves the others alone.
The conventions are those of `bnproof.implementations.course_functions`; x of the spatial functions
is (N, C, H, W).
"""

import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import ContractError
from bnproof.engine.contract.form_error import FormError
from bnproof.implementations.course_functions import Array, CourseFunctions

FUNCTIONS = (
    "batchnorm_forward",
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "spatial_batchnorm_forward",
    "spatial_batchnorm_backward",
)
"""The functions of the exercise, in the order in which it sets them."""

EXTRA = "name_of_the_layer"
"""A key of bn_param that the exercise does not speak of, and that has to stay."""


class NotWrittenError(Exception):
    """A function is there, but does nothing yet."""


class WrongFormError(FormError):
    """What a function returned, or did to bn_param, is not of the exercise's form."""


class FailedError(Exception):
    """A function raised; the message says what, and in which line of its file."""


class MissingError(Exception):
    """A function that another one needs is not there."""


@dataclass(frozen=True)
class Piece:
    """What is called in one piece of the exercise.

    Attributes:
        id: permanent; the name of the implementation that is made of it.  Pieces are the same if
            their other fields are.
        forward, backward: names of functions; backward is "" where none is called.
        mode: of forward.
        created: whether bn_param comes without running statistics.
        given: whether the other functions of the exercise that are called inside are replaced by
            right ones, so that their mistakes are not counted again.
    """

    id: str = field(compare=False)
    forward: str
    backward: str = ""
    mode: str = "train"
    created: bool = False
    given: bool = False

    @property
    def function(self) -> str:
        """The function that the piece is about."""
        return self.backward or self.forward

    @property
    def spatial(self) -> bool:
        """Whether x is (N, C, H, W)."""
        return self.forward.startswith("spatial")


def _pieces(prefix: str, forward: str, *backwards: str) -> list[Piece]:
    return [
        Piece(f"{prefix}forward, train", forward),
        Piece(f"{prefix}forward, created", forward, created=True),
        Piece(f"{prefix}forward, test", forward, mode="test"),
        *(Piece(name.replace("batchnorm_", ""), forward, name) for name in backwards),
    ]


_PLAIN = _pieces("", *FUNCTIONS[:3])
_SPATIAL = _pieces("spatial_", *FUNCTIONS[3:])
PIECES = (
    *_PLAIN,
    *_SPATIAL,
    *(Piece(f"{p.id}, given", p.forward, p.backward, p.mode, p.created, True) for p in _SPATIAL),
)
"""All pieces, the ones that are given right helpers last."""

BY_ID = {piece.id: piece for piece in PIECES}


def recognises(target: Any) -> bool:
    """The names of a file."""
    return isinstance(target, Mapping)


def build(target: Mapping[str, Any]) -> list["ExercisePiece"]:
    """An implementation for each piece whose function is in the file.

    Raises ContractError if the file has none of the functions.
    """
    there = {name: target[name] for name in FUNCTIONS if callable(target.get(name))}
    if not there:
        raise ContractError(f"it has none of the functions of the exercise\n{', '.join(FUNCTIONS)}")
    file = str(target.get("__file__", ""))
    made = []
    for piece in PIECES:
        if piece.function not in there:
            continue
        functions = _with_right_helpers(there) if piece.given else there
        if piece.given and all(functions[n] is there[n] for n in _called(piece) if n in there):
            continue  # it calls none of the others
        made.append(ExercisePiece(piece, functions, file))
    return made


class ExercisePiece(CourseFunctions):
    """One piece, as an implementation of the contract.

    Results are judged in the class "one-pass", the weakest that float64 has, and need not be the
    same bits each time: neither is what such an exercise is about.
    """

    accuracy = "one-pass"
    deterministic = False

    def __init__(
        self, piece: Piece, functions: Mapping[str, Callable[..., Any]], file: str
    ) -> None:
        forward = functions.get(piece.forward) or _missing(piece.forward)
        backward = functions.get(piece.backward, _missing(piece.backward))
        super().__init__(
            _guarded(forward, piece.forward, file), _guarded(backward, piece.backward, file)
        )
        self.piece = piece
        self.name = piece.id
        self.ranks = (4,) if piece.spatial else (2,)
        unused = "infer" if piece.mode == "train" else "train"
        setattr(self, unused, None)

    def train(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float,
        eps: float,
    ) -> tuple[Any, Any, Any, Any]:
        """forward in mode "train", and its backward if the piece has one."""
        name = self.piece.backward
        y, mean, var, backward = super().train(
            x, gamma, beta, running_mean, running_var, momentum=momentum, eps=eps
        )
        if not name:
            return y, mean, var, None
        return y, mean, var, lambda dy: _gradients(backward(dy), name, dy)

    def _call(
        self,
        mode: str,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        **settings: float,
    ) -> tuple[Any, Any, dict[str, Any]]:
        """One call of forward, with a bn_param of its own and copies of the statistics."""
        parameters: dict[str, Any] = {"mode": mode, "momentum": 0.9, **settings, EXTRA: EXTRA}
        if not self.piece.created:
            parameters["running_mean"] = running_mean.copy()
            parameters["running_var"] = running_var.copy()
        returned = self._forward(x, gamma, beta, parameters)
        y, cache = _out_and_cache(returned, self.piece.forward, x)
        if cache is None and self.piece.backward:
            found = f"{self.piece.forward} returns None as cache"
            raise WrongFormError("form/cache-is-none", found)
        if self.piece.created and parameters.get(EXTRA) != EXTRA:
            raise WrongFormError(
                "form/lost-keys", "bn_param has lost a key that the layer had put there"
            )
        return y, cache, parameters


def _guarded(function: Callable[..., Any], name: str, file: str) -> Callable[..., Any]:
    """A function whose exceptions tell the line, and that leaves the modules in place."""

    def call(*arguments: Any) -> Any:
        modules = dict(sys.modules)
        try:
            returned = function(*arguments)
        except NotImplementedError:
            raise NotWrittenError(f"{name} raises NotImplementedError") from None
        except MissingError:
            raise
        except BaseException as error:  # noqa: BLE001  # a student's code may even exit
            raise FailedError(_told(error, file)) from None
        finally:
            for module in modules.keys() - sys.modules.keys():
                sys.modules[module] = modules[module]
        if returned is None:
            raise NotWrittenError(f"{name} returns None")
        return returned

    return call


def _told(error: BaseException, file: str) -> str:
    """An exception in one line, with the innermost line of the file that it came through."""
    text = " ".join(str(error).split())[:150]
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f"{said} (line {lines[-1].lineno}: {lines[-1].line})" if lines else said


def _missing(name: str) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise MissingError(f"{name} is not there")

    return call


# --- the form of results --------------------------------------------------------------------------


def _out_and_cache(returned: Any, name: str, x: Array) -> tuple[Any, Any]:
    """What forward returned, taken apart."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise WrongFormError("form/results", f"{name} returns {_kind(returned)}, due (out, cache)")
    out, cache = returned
    if getattr(cache, "shape", None) == x.shape and isinstance(out, (tuple, list, dict)):
        raise WrongFormError("form/order", f"{name} returns (cache, out), due (out, cache)")
    return out, cache


def _gradients(returned: Any, name: str, dout: Array) -> tuple[Any, Any, Any]:
    """What backward returned, taken apart."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        raise WrongFormError(
            "form/results", f"{name} returns {_kind(returned)}, due (dx, dgamma, dbeta)"
        )
    dx, dgamma, dbeta = returned
    shapes = [getattr(a, "shape", None) for a in (dx, dgamma, dbeta)]
    if dout.shape in shapes[1:] and shapes[0] != dout.shape and dx is not None:
        found = ", ".join(map(str, shapes))
        raise WrongFormError(
            "form/order",
            f"{name} returns the gradients in another order: their shapes are {found}, "
            "due (dx, dgamma, dbeta)",
        )
    return dx, dgamma, dbeta


def _kind(returned: Any) -> str:
    if isinstance(returned, (tuple, list)):
        return f"{len(returned)} results"
    return f"one result, of type {type(returned).__name__}"


# --- right helpers, for functions that call others ------------------------------------------------


def _called(piece: Piece) -> list[str]:
    return [name for name in (piece.forward, piece.backward) if name]


def _with_right_helpers(there: Mapping[str, Any]) -> dict[str, Any]:
    """The spatial functions, calling right functions where they call others of the exercise."""
    right = {
        "batchnorm_forward": _right_forward,
        "batchnorm_backward": _right_backward,
        "batchnorm_backward_alt": _right_backward,
    }
    return {name: _replaced(function, right) for name, function in there.items()}


def _replaced(function: Any, right: Mapping[str, Any]) -> Any:
    """A function with some of the names that it calls standing for others, or as it is."""
    if not isinstance(function, FunctionType) or not right.keys() & set(function.__code__.co_names):
        return function
    names = {**function.__globals__, **right}
    copied = FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied


def _right_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Any:
    """batchnorm_forward, right."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    old = [bn_param.get(name, np.zeros(x.shape[1])) for name in ("running_mean", "running_var")]
    if bn_param["mode"] == "test":
        return gamma * (x - old[0]) / np.sqrt(old[1] + eps) + beta, None
    mean, var = x.mean(axis=0), x.var(axis=0)
    bn_param["running_mean"] = momentum * old[0] + (1 - momentum) * mean
    bn_param["running_var"] = momentum * old[1] + (1 - momentum) * var
    inv_std = 1 / np.sqrt(var + eps)
    xhat = (x - mean) * inv_std
    return gamma * xhat + beta, (xhat, gamma, inv_std)


def _right_backward(dout: Array, cache: Any) -> Any:
    """batchnorm_backward, right."""
    xhat, gamma, inv_std = cache
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    return gamma * inv_std * (dout - (dbeta + xhat * dgamma) / len(dout)), dgamma, dbeta
