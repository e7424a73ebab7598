"""Causes under the unbiased normalisation and without gamma or beta."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bnproof.causes.known_mistakes import causes
from bnproof.causes.unbiased import NormalisedByUnbiased
from bnproof.engine.contract.declaration import Declaration, declaration_of
from bnproof.engine.execution.executor import Executor
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.portfolio.builder import Builder
from bnproof.mutants.catalogue import mutant_of
from bnproof.reference import BatchNorm
from bnproof.reference.layer import Layer

Array = NDArray[Any]
BASES: dict[str, dict[str, Any]] = {
    "required": {},
    "gamma only": {"affine_parameters": "gamma only"},
    "beta only": {"affine_parameters": "beta only"},
    "unbiased": {"normalising_variance": "unbiased"},
    "in place": {"in_place": True},
}


def declared(name: str) -> Declaration:
    """The declaration of a name in `BASES`."""
    return Declaration(dtypes=("float64",), **BASES[name])


def of_base(name: str, target: Any) -> list[Any]:
    """Records of a target on two sizes of ordinary data."""
    declaration = declared(name)
    build = Builder(declaration, "float64")
    judge, executor = Judge(declaration, "float64"), Executor(target, declaration)
    cases = [build.case(f"{n} values", build.normal(n, 3), calls="short") for n in (4, 9)]
    return [judge.judge(case, executor.run(case, lambda _: None)) for case in cases]


class Sums:
    """Written without the library: any of the declarations, and what a mistake replaces."""

    def __init__(self, *, unbiased: bool = False, in_place: bool = False) -> None:
        self.unbiased, self.in_place = unbiased, in_place

    def along(self, x: Array, mean: Array, inv_std: Array, dy: Array) -> Any:
        """What the variance takes from dy."""
        freedom = len(x) - self.unbiased
        xhat = (x - mean) * inv_std
        return xhat * (dy * xhat).sum(axis=0) / freedom

    def root(self, var: Array, eps: float) -> Array:
        """1 / sqrt(var + eps)."""
        return np.asarray(1 / np.sqrt(var + eps))

    def train(
        self, x: Array, gamma: Any, beta: Any, rm: Array, rv: Array, *, momentum: float, eps: float
    ) -> Any:
        """A training call."""
        mean, inv_std = x.mean(axis=0), self.root(x.var(axis=0, ddof=int(self.unbiased)), eps)
        xhat, scale = (x - mean) * inv_std, 1.0 if gamma is None else gamma

        def backward(dy: Array) -> Any:
            dx = scale * inv_std * (dy - dy.mean(axis=0) - self.along(x, mean, inv_std, dy))
            dgamma, dbeta = (dy * xhat).sum(axis=0), dy.sum(axis=0)
            return dx, None if gamma is None else dgamma, None if beta is None else dbeta

        y = scale * xhat + (0.0 if beta is None else beta)
        new_mean = (1 - momentum) * rm + momentum * mean
        new_var = (1 - momentum) * rv + momentum * x.var(axis=0, ddof=1)
        if not self.in_place:
            return y, new_mean, new_var, backward
        rm[...], rv[...] = new_mean, new_var
        return y, rm, rv, backward


class WithoutVarianceTerm(Sums):
    """dx leaves out that the variance depends on x."""

    def along(self, x: Array, mean: Array, inv_std: Array, dy: Array) -> Any:
        """Nothing."""
        return 0.0 * super().along(x, mean, inv_std, dy)


class WithoutEps(Sums):
    """eps is not used."""

    def root(self, var: Array, eps: float) -> Array:
        """1 / sqrt(var)."""
        return super().root(var, 0.0 * eps)


@pytest.mark.parametrize("name", list(BASES))
def test_what_the_wrong_ones_start_from_is_right(name: str) -> None:
    """Otherwise what is named is the cause of something else."""
    records = of_base(name, Sums(unbiased=name == "unbiased", in_place=name == "in place"))

    assert max(record.worst for record in records) <= 1


@pytest.mark.parametrize("name", list(BASES))
@pytest.mark.parametrize(
    ("target", "cause"),
    [(WithoutVarianceTerm, "backward/no-variance-term"), (WithoutEps, "eps/none")],
)
def test_causes_are_named_under_each_declaration(name: str, target: type[Sums], cause: str) -> None:
    """Catches mutants that cannot be run as the target is, or that make another mistake there."""
    records = of_base(name, target(unbiased=name == "unbiased", in_place=name == "in place"))

    assert max(record.worst for record in records) > 1
    assert cause in [found.id for found in causes(records)]


class OnlyLayers:
    """Layers, and no functions, without the mean's part of dx."""

    dtypes = ("float64",)
    ranks = (2,)

    def layer(self, channels: int, *, momentum: float, eps: float, dtype: str) -> Layer:
        """A layer."""
        functions: Any = mutant_of("backward/no-mean-term").make()
        return Layer(functions, channels, momentum=momentum, eps=eps, dtype=dtype)


def test_causes_are_named_of_layers_alone() -> None:
    """Catches mutants that are run as layers, which most of them do not have."""
    declaration = declaration_of(OnlyLayers())
    build, judge = Builder(declaration, "float64"), Judge(declaration, "float64")
    executor = Executor(OnlyLayers(), declaration)
    cases = [build.case(f"{n} values", build.normal(n, 3), calls="short") for n in (4, 9)]
    records = [judge.judge(case, executor.run(case, lambda _: None)) for case in cases]

    assert "backward/no-mean-term" in [found.id for found in causes(records)]


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_wrapped_reference_conforms(dtype: str) -> None:
    """Wrapped mutants would otherwise make a mistake more than their own."""
    declaration = Declaration(dtypes=(dtype,), normalising_variance="unbiased", accuracy="one-pass")
    build = Builder(declaration, dtype)
    executor = Executor(NormalisedByUnbiased(BatchNorm()), declaration)
    for count in (2, 5, 64):
        x = FORMATS[dtype].round(build.normal(count, 3))
        case = build.case(f"{count} values", x, calls="short")
        record = Judge(declaration, dtype).judge(case, executor.run(case, lambda _: None))
        assert record.worst <= 1
