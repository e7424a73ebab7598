"""The table of what becomes of NaN and infinity, held against formulas in several orders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.spoiled_results import kinds_in, spoiled
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Mode
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.spoiled_arguments import VARIANTS, cases
from bnproof.engine.truth.nonfinite import ANY, NAN, NUMBER, PLUS
from bnproof.engine.truth.spoiled import Kinds, healed, kinds_of

Results = dict[str, Array]
MODES: tuple[Mode, ...] = ("train", "infer")


def _statistics(case: Case, mode: Mode) -> tuple[Array, Array]:
    if mode == "infer":
        return case.running_mean, case.running_var
    mean = case.x.mean(axis=0)
    return mean, ((case.x - mean) ** 2).mean(axis=0)


def _in_order(case: Case, mode: Mode) -> Results:
    """As the paper writes it."""
    mean, var = _statistics(case, mode)
    assert case.gamma is not None
    assert case.beta is not None
    root = 1 / np.sqrt(var + case.eps)
    xhat = (case.x - mean) * root
    made = {
        "y": case.gamma * xhat + case.beta,
        "dgamma": (case.dy * xhat).sum(axis=0),
        "dbeta": case.dy.sum(axis=0),
        "dx": case.gamma * root * case.dy,
    }
    if mode == "train":
        taken = made["dbeta"] / len(xhat) + xhat * made["dgamma"] / len(xhat)
        made["dx"] = case.gamma * root * (case.dy - taken)
        made["running_mean"] = 0.875 * case.running_mean + 0.125 * mean
        made["running_var"] = 0.875 * case.running_var + 0.125 * var
    return made


def _folded(case: Case, mode: Mode) -> Results:
    """Scale and shift first, raw sums, averages moved by their difference, compensated sums."""
    mean, var = _statistics(case, mode)
    assert case.gamma is not None
    assert case.beta is not None
    root = (var + case.eps) ** -0.5
    scale = case.gamma * root
    raw, total = _compensated(case.dy * case.x), _compensated(case.dy)
    made = {
        "y": case.x * scale + (case.beta - mean * scale),
        "dgamma": raw * root - mean * root * total,
        "dbeta": total,
        "dx": case.dy * scale,
    }
    if mode == "train":
        along = scale * root * made["dgamma"] / len(case.x)
        shift = mean * along - scale * total / len(case.x)
        made["dx"] = case.dy * scale - case.x * along + shift
        made["running_mean"] = case.running_mean + 0.125 * (mean - case.running_mean)
        made["running_var"] = case.running_var + 0.125 * (var - case.running_var)
    return made


def _compensated(values: Array) -> Array:
    total, lost = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for row in values:
        added = row - lost
        after = total + added
        total, lost = after, (after - total) - added
    return total


def _one_pass(case: Case, mode: Mode) -> Results:
    """The mean of the squares less the square of the mean; a root by Newton's steps."""
    mean, var = _statistics(case, mode)
    assert case.gamma is not None
    assert case.beta is not None
    if mode == "train":
        var = np.maximum((case.x**2).mean(axis=0) - mean**2, 0)
    root = 1 / np.sqrt(var + case.eps)
    root = root * (1.5 - 0.5 * (var + case.eps) * root * root)
    made = _in_order(case, mode)
    made["y"] = (case.x * root - mean * root) * case.gamma + case.beta
    if mode == "infer":
        made["dx"] = (case.dy * case.gamma) * root
        made["dgamma"] = ((case.x - mean) * case.dy).sum(axis=0) * root
    return made


FORMS: list[Callable[[Case, Mode], Results]] = [_in_order, _folded, _one_pass]


def _made() -> dict[str, Case]:
    build = Builder(Declaration(ranks=(2,)), "float64")
    return {case.name.removesuffix(", rank 2"): case for case in cases(build)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", VARIANTS)
def test_every_order_of_operations_is_allowed(name: str, mode: Mode) -> None:
    """A kind that the table forbids would reject a right implementation that gives it."""
    case = _made()[name]
    kinds = kinds_of(case, mode)
    with np.errstate(all="ignore"):
        for form in FORMS:
            for output, got in form(case, mode).items():
                allowed = kinds.by_output.get(output, NUMBER)  # type: ignore[call-overload]  # str
                assert ((kinds_in(got) & allowed) != 0).all(), (form.__name__, output)


def test_every_argument_is_spoiled_in_some_case() -> None:
    """An argument without a case would leave its lines of the table untested."""
    seen = {spoil.argument for spoils in VARIANTS.values() for spoil in spoils}
    assert seen == {"x", "dy", "gamma", "beta", "running_mean", "running_var"}


def test_numbers_stay_where_they_do_not_depend_on_what_is_spoiled() -> None:
    """Healing must not change a number that is judged."""
    case = _made()["nan and inf in x"]
    with np.errstate(all="ignore"):
        as_is, whole = _in_order(case, "infer"), _in_order(healed(case, "infer"), "infer")
    numbers = kinds_of(case, "infer").by_output["y"] == NUMBER

    assert numbers.sum() == numbers.size - 5
    assert np.array_equal(as_is["y"][numbers], whole["y"][numbers])
    assert np.array_equal(as_is["dx"], whole["dx"])


def test_a_running_mean_may_spoil_training_that_shifts_by_it() -> None:
    """Catches an accusation of one-pass variances about the running mean, which are declared."""
    case = _made()["nan and inf in running means"]

    assert "y" not in kinds_of(case, "train").by_output
    shifted = kinds_of(case, "train", shifts=True).by_output
    assert {*shifted} == {"y", "dx", "dgamma", "running_mean", "running_var"}
    assert (shifted["y"] == ANY).all(axis=0).sum() == 3
    assert "dbeta" not in shifted


def test_an_infinite_variance_leaves_beta() -> None:
    """The limit would be judged against gamma xhat + beta of another variance."""
    case = _made()["nan and inf in running variances"]
    with np.errstate(all="ignore"):
        y = _in_order(healed(case, "infer"), "infer")["y"]
    assert case.beta is not None
    assert (y[:, -1] == case.beta[-1]).all()
    assert kinds_of(case, "infer").limit.tolist() == [False] * 8 + [True]


def test_another_kind_is_an_infinite_error() -> None:
    """A number in the place of NaN would pass as an error of 0."""
    allowed = np.array([NAN, PLUS, NUMBER], np.uint8)
    kinds = Kinds("infer", {"dbeta": allowed}, np.zeros(3, bool))
    zero: Any = np.zeros(3)

    def worst(*got: float) -> float:
        return spoiled("dbeta", np.array(got), (zero, zero), zero + 1, kinds).worst

    assert worst(np.nan, np.inf, 0.5) == 0.5
    assert worst(0.0, np.inf, 0.5) == worst(np.nan, -np.inf, 0.5) == worst(np.nan, np.inf, np.nan)
    assert worst(0.0, np.inf, 0.5) == np.inf
