"""Gradients by torch's autograd, first and second.

The text of this file is a part of stand-alone scripts, so it imports nothing of bnproof.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def with_autograd(
    y: Any,
    x: Any,
    parameters: Sequence[Any],
    plain: Callable[[Any], Array],
    native: Callable[[Array], Any],
    per_channel: Callable[[Any], Array],
    *,
    twice: bool,
    added: Any = None,
) -> Any:
    """backward of the contract for y = f(x, gamma, beta), None where y has no gradient at all.

    ``parameters`` are gamma and beta, None where there are none; a gradient that autograd says
    does not exist is an array of zeros.  ``plain`` and ``per_channel`` make arrays of tensors like
    x and of those with one value per channel, ``native`` makes tensors of arrays.
    The gradient of an ``added`` input comes last.
    """
    torch: Any = import_module("torch")  # optional, and slow to import
    if not y.requires_grad:
        return None
    inputs = [t for t in (x, *parameters, added) if t is not None]
    used = [t for t in inputs if t.requires_grad]

    def backward(dy: Array) -> tuple[Any, ...]:
        found = torch.autograd.grad(y, used, native(dy), retain_graph=True, allow_unused=True)
        by_id = {
            id(t): torch.zeros_like(t) if g is None else g for g, t in zip(found, used, strict=True)
        }
        affine = [by_id.get(id(p)) if p is not None else None for p in parameters]
        dgamma, dbeta = (None if g is None else per_channel(g) for g in affine)
        last = () if added is None else (plain(by_id[id(added)]),)
        return plain(by_id[id(x)]), dgamma, dbeta, *last

    def double(dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None) -> Any:
        upstream = native(dy).detach().requires_grad_()
        first = torch.autograd.grad(y, used, upstream, create_graph=True, allow_unused=True)
        along = _along(used, x, parameters, (ddx, ddgamma, ddbeta), native)
        pairs = [
            (g, v) for g, v in zip(first, along, strict=True) if g is not None and v is not None
        ]
        if not pairs:
            raise RuntimeError("the gradients do not depend on x or gamma")
        results, weights = zip(*pairs, strict=True)
        gamma = [parameters[0]] if parameters[0] is not None else []
        wanted = [upstream, x, *(g for g in gamma if g.requires_grad)]
        second = torch.autograd.grad(results, wanted, weights, retain_graph=True, allow_unused=True)
        if second[0] is None:  # torch says no more where a backward is marked as once only
            message = "the gradients do not depend on dy, so they cannot be differentiated"
            raise RuntimeError(message)
        ddy, dx, *rest = (
            torch.zeros_like(i) if g is None else g for g, i in zip(second, wanted, strict=True)
        )
        dgamma = per_channel(rest[0]) if rest else None
        return plain(ddy), plain(dx), dgamma

    if twice:
        backward.double = double  # type: ignore[attr-defined]  # as the contract has it
    return backward


def _along(
    used: Sequence[Any],
    x: Any,
    parameters: Sequence[Any],
    given: Sequence[Array | None],
    native: Callable[[Array], Any],
) -> list[Any]:
    """What each gradient is weighed with, in the shape of what it is the gradient of."""
    by_id = {id(t): v for t, v in zip((x, *parameters), given, strict=True) if t is not None}
    made: list[Any] = []
    for tensor in used:
        value = by_id.get(id(tensor))
        made.append(None if value is None else native(value).reshape(tensor.shape))
    return made
