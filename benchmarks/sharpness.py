"""The smallest defect that is detected, by bnproof and by two usual checks, in one run.

Each output of one right implementation is made too large by a relative size, which is halved until
a check no longer sees it.  bnproof is the quick profile.  `torch.testing.assert_close` compares
with PyTorch in the same dtype, on normal data, with its default tolerances;
`torch.autograd.gradcheck` has its default settings, slow and fast.  False alarms are controls of
the library that a check accuses, for the two usual ones on normal data and on data with an offset
of 1000 standard deviations; for bnproof on its portfolio, which has such data.

Usage: python benchmarks/sharpness.py [every]     (one in so many controls; default 1)
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before PyTorch, whose threads else spin

import numpy as np
import torch

from bnproof.engine.contract.declaration import declaration_of
from bnproof.mutants.catalogue import MUTANTS
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.selftest.rejection import first_failures

Check = Callable[[Any, str], bool]
"""Whether an implementation is accused in a dtype."""

OUTPUTS = ("y", "dx", "dgamma", "dbeta", "new-mean", "new-variance", "inference-y", "inference-dx")
SMALLEST = {"float32": 24, "float64": 53}
KINDS = {"float32": torch.float32, "float64": torch.float64}
EPS, MOMENTUM = 1e-5, 0.1


class Data:
    """Inputs of one call, the same for all checks but bnproof's."""

    def __init__(self, dtype: str, offset: float = 0.0, implementation: Any = None) -> None:
        declaration = declaration_of(implementation)
        rng = np.random.default_rng(0)
        self.rank = declaration.ranks[0]
        self.old = declaration.momentum_weighs == "old"
        self.last = declaration.channel_axis == -1
        self.biased = not declaration.unbiased(self.rank)
        self.affine = declaration.has_gamma and declaration.has_beta
        shape = (32, 4, *(1,) * (self.rank - 2))
        self.x, self.dy = (rng.normal(size=shape).astype(dtype) for _ in range(2))
        self.x = (self.x + offset).astype(dtype)
        self.gamma, self.beta = rng.normal(size=(2, 4)).astype(dtype)
        self.mean, self.var = np.zeros(4, dtype), np.ones(4, dtype)

    def laid(self, a: Any) -> Any:
        """With the channels where the implementation has them."""
        return np.moveaxis(a, 1, -1).copy() if self.last else a.copy()

    def back(self, a: Any) -> Any:
        """The inverse."""
        return np.moveaxis(np.asarray(a), -1, 1).copy() if self.last else np.array(a)


def results(implementation: Any, data: Data) -> dict[str, Any]:
    """All results of training and of inference."""
    momentum = 1 - MOMENTUM if data.old else MOMENTUM
    parameters = (data.gamma.copy(), data.beta.copy()) if data.affine else (None, None)
    held = data.mean.copy(), data.var.copy()
    x, dy = data.laid(data.x), data.laid(data.dy)
    y, mean, var, backward = implementation.train(x, *parameters, *held, momentum=momentum, eps=EPS)
    found = {"y": data.back(y), "mean": np.array(mean), "var": np.array(var)}
    found |= named(backward(dy), data)
    held = data.mean.copy(), data.var.copy()
    y, *_, backward = implementation.infer(x, *parameters, *held, eps=EPS)
    found["infer y"] = data.back(y)
    if backward is not None:
        found |= {f"infer {name}": value for name, value in named(backward(dy), data).items()}
    return found


def named(gradients: Any, data: Data) -> dict[str, Any]:
    """The gradients that there are, by name."""
    dx, dgamma, dbeta = gradients
    found = {"dx": data.back(dx), "dgamma": dgamma, "dbeta": dbeta}
    return {name: np.array(value) for name, value in found.items() if value is not None}


def by_torch(data: Data) -> dict[str, Any]:
    """The same from PyTorch."""
    found: dict[str, Any] = {}
    for label, training in (("", True), ("infer ", False)):
        x = torch.tensor(data.x, requires_grad=True)
        gamma, beta = (torch.tensor(a, requires_grad=True) for a in (data.gamma, data.beta))
        mean, var = torch.tensor(data.mean), torch.tensor(data.var)
        weights = (gamma, beta) if data.affine else (None, None)
        y = torch.nn.functional.batch_norm(x, mean, var, *weights, training, MOMENTUM, EPS)
        y.backward(torch.tensor(data.dy))
        found[f"{label}y"] = y.detach()
        for name, of in (("dx", x), ("dgamma", gamma), ("dbeta", beta)):
            if of.grad is not None:
                found[f"{label}{name}"] = of.grad
        if training:
            wide = 0.9 + 0.1 * torch.tensor(data.x).var(dim=(0, *range(2, data.rank)), correction=0)
            found |= {"mean": mean, "var": wide if data.biased else var}
    return found


def close_to_torch(offset: float) -> Check:
    """The check by assert_close, on data with an offset."""

    def accused(implementation: Any, dtype: str) -> bool:
        data = Data(dtype, offset, implementation)
        due = by_torch(data)
        try:
            for name, got in results(implementation, data).items():
                torch.testing.assert_close(torch.tensor(np.ascontiguousarray(got)), due[name])
        except AssertionError:
            return True
        return False

    return accused


def gradients_checked(offset: float, *, fast: bool) -> Check:
    """The check by gradcheck, of training and of inference."""

    def accused(implementation: Any, dtype: str) -> bool:
        data = Data(dtype, offset, implementation)
        inputs = [data.x, data.gamma, data.beta] if data.affine else [data.x]
        tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
        for mode in ("train", "infer"):
            function = differentiable(implementation, data, mode)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of float32, which is counted
                    torch.autograd.gradcheck(function, tensors, fast_mode=fast)
            except RuntimeError:
                return True
        return False

    return accused


def differentiable(implementation: Any, data: Data, mode: str) -> Any:
    """Y of an implementation as a function that PyTorch can differentiate."""

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, gamma: Any = None, beta: Any = None) -> Any:
            given = [None if a is None else a.detach().numpy().copy() for a in (gamma, beta)]
            settings = {"momentum": MOMENTUM, "eps": EPS} if mode == "train" else {"eps": EPS}
            held = data.mean.copy(), data.var.copy()
            call = getattr(implementation, mode)
            y, *_, ctx.back = call(data.laid(x.detach().numpy()), *given, *held, **settings)
            return torch.tensor(data.back(y))

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            found = named(ctx.back(data.laid(dy.numpy())), data)
            gradients = [torch.tensor(found[n]) for n in ("dx", "dgamma", "dbeta") if n in found]
            return tuple(gradients[: 3 if data.affine else 1])

    return Wrapped.apply


def by_bnproof(implementation: Any, dtype: str) -> bool:
    """The check by bnproof."""
    return bool(first_failures(implementation, dtype, PROPERTIES))


CHECKS: dict[str, tuple[Check, ...]] = {
    "bnproof": (by_bnproof,),
    "assert_close": (close_to_torch(0.0), close_to_torch(1000.0)),
    "gradcheck": (gradients_checked(0.0, fast=False), gradients_checked(1000.0, fast=False)),
    "gradcheck, fast": (gradients_checked(0.0, fast=True), gradients_checked(1000.0, fast=True)),
}
"""Each check on the data that defects are looked for with, then on that with an offset."""


def smallest(make: Callable[..., Any], check: Check, dtype: str) -> str:
    """The smallest power of two that is detected, by bisection; "none" if even 1 is not."""
    if check(make(size=0.0), dtype):
        return "accuses the right one"
    if not check(make(size=1.0), dtype):
        return "none"
    seen, unseen = 0, SMALLEST[dtype] + 4
    while unseen - seen > 1:
        middle = (seen + unseen) // 2
        if check(make(size=2.0**-middle), dtype):
            seen = middle
        else:
            unseen = middle
    return f"{2.0**-seen:.1e}"


def alarms(dtype: str, every: int) -> dict[str, str]:
    """Of each check, how many controls it accuses."""
    chosen = [c for c in CONTROLS[::every] if usable(c.make(), dtype)]
    told = {}
    for name, checks in CHECKS.items():
        counts = [sum(check(control.make(), dtype) for control in chosen) for check in checks]
        told[name] = " / ".join(f"{count} of {len(chosen)}" for count in counts)
    return told


def usable(implementation: Any, dtype: str) -> bool:
    """Whether all checks can judge a control: dtype, methods, parameters and formula are theirs."""
    declaration = declaration_of(implementation)
    both = {"train", "infer"} <= set(declaration.methods)
    plain = declaration.has_gamma and declaration.has_beta and not declaration.fixed
    plain = plain and not declaration.normalises_unbiased
    return dtype in declaration.dtypes and both and plain


def row(name: str, cells: dict[str, str]) -> None:
    """Print one line of the table."""
    print(f"{name:24}" + "".join(f"{cells[check]:>22}" for check in CHECKS), flush=True)


def main() -> None:
    """Print a table for each dtype."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    makers = {mutant.group: mutant.make for mutant in MUTANTS}
    np.seterr(all="ignore")
    for dtype in KINDS:
        row(dtype, {check: check for check in CHECKS})
        for output in OUTPUTS:
            make = makers[f"graded/{output}"]
            row(output, {n: smallest(make, c[0], dtype) for n, c in CHECKS.items()})
        row("right ones accused", alarms(dtype, every))


if __name__ == "__main__":
    main()
