"""NumPy functions are recognised in their forms; mistakes are judged and not explained away."""

import functools
from typing import Any

import pytest
from tests.targets import rows
from tests.targets.judged import made_of, violated

from bnproof.recognition.errors import Unusable
from bnproof.recognition.functions import is_factory, recognise_functions
from bnproof.recognition.functions.calls import Functions
from bnproof.recognition.recognised import Part

BIASED = {"running_variance": "biased"}

RIGHT: list[tuple[tuple[Any, ...], tuple[int, ...], dict[str, Any]]] = [
    ((rows.bn_forward, rows.bn_backward), (2,), {}),
    ((rows.bn_forward, rows.cache_first), (2,), {}),
    ((rows.bn_backward, rows.bn_forward), (2,), {}),
    ((rows.bn_forward, rows.backward_to_dict), (2,), {}),
    ((rows.bn_forward, rows.from_inputs), (2,), {}),
    ((rows.stateful,), (2,), BIASED),
    ((rows.in_buffers,), (2,), BIASED),
    ((rows.in_dict,), (2,), BIASED),
    ((rows.keepdims,), (2,), BIASED),
    ((rows.vague,), (2,), BIASED),
    ((rows.columns_forward, rows.columns_backward), (2,), {}),
    ((rows.images_forward, rows.images_backward), (4,), {}),
    ((rows.any_layout,), (2, 3, 4, 5), {}),
    ((rows.bn_train, rows.bn_test), (2,), BIASED),
    ((rows.in_lists,), (2,), {}),
    ((functools.partial(rows.stateful, eps=1e-3),), (2,), BIASED),
    ((rows.running_pair, rows.running_pair_backward), (2,), BIASED),
    ((rows.with_pullback,), (2,), BIASED),
    ((rows.bn_forward, rows.dbatch_norm), (2,), {}),
    ((rows.with_batch_statistics,), (2,), {}),
]
NAMES = [", ".join(getattr(f, "__name__", "partial") for f in functions) for functions, *_ in RIGHT]


@pytest.mark.parametrize(("functions", "ranks", "declared"), RIGHT, ids=NAMES)
def test_right_forms(
    functions: tuple[Any, ...], ranks: tuple[int, ...], declared: dict[str, Any]
) -> None:
    """Catches a right function that is not recognised, in other ranks, or as something else."""
    made = made_of(*functions)

    assert made.ranks == ranks
    assert not made.recognition.unidentified
    assert violated(made, **declared) == set()


WRONG: list[tuple[tuple[Any, ...], str, dict[str, Any]]] = [
    ((rows.bn_forward, rows.swapped_backward), "backward/agreement", {}),
    ((rows.wrong_axis,), "forward/agreement", {}),
    ((rows.documented_columns,), "forward/agreement", {}),
    ((rows.forgets_height,), "forward/agreement", {}),
    ((rows.evaluation_by_batch,), "inference/agreement", BIASED),
    ((rows.never_updated,), "running/one-step", BIASED),
    ((rows.momentum_exchanged,), "running/one-step", BIASED),
    ((rows.beta_without_effect, rows.bn_backward), "forward/agreement", {}),
    ((rows.gamma_for_beta,), "forward/agreement", {}),
    (
        (rows.running_pair_updates, rows.running_pair_backward),
        "running/untouched-by-inference",
        BIASED,
    ),
    ((rows.one_vjp_for_both,), "inference/gradients", BIASED),
]


@pytest.mark.parametrize(
    ("functions", "property_", "declared"), WRONG, ids=[f[0].__name__ for f, *_ in WRONG]
)
def test_mistakes_are_judged(
    functions: tuple[Any, ...], property_: str, declared: dict[str, Any]
) -> None:
    """Catches a mistake that is taken for another convention."""
    assert property_ in violated(made_of(*functions), **declared)


def test_roles_are_the_names_of_the_target() -> None:
    """Catches a report that calls things by other names than the user does."""
    roles = made_of(rows.in_dict).recognition.roles

    assert roles["gamma"] == "params.scale"
    assert roles["running_mean"] == "state.mean"


def test_letters_are_settled_by_behaviour() -> None:
    """Catches names of one letter that decide against what the function does."""
    roles = made_of(rows.vague).recognition.roles

    assert (roles["gamma"], roles["beta"], roles["running_mean"]) == ("b", "c", "m")


def test_constants_are_found() -> None:
    """Catches an eps or a momentum that is varied although the signature does not have it."""
    assert made_of(rows.in_dict).fixed == {"momentum": 0.1, "eps": 1e-5}
    assert made_of(rows.in_buffers).fixed == {"eps": 1e-3}


def test_momentum_weighs_what_the_default_says() -> None:
    """Catches an exchanged momentum that is taken for the other convention, or not told."""
    made = made_of(rows.momentum_exchanged)

    assert made.momentum_weighs == "old"
    assert made.recognition.remarks == (
        (
            "momentum defaults to 0.9, so it is checked as the weight of the old value, although "
            "the code weighs the new value by it"
        ),
    )
    assert made_of(rows.stateful).momentum_weighs == "old"
    assert made_of(rows.stateful).recognition.remarks == ()


def test_names_of_gradients_win() -> None:
    """Catches exchanged gradients that are put right without a word."""
    assert made_of(rows.bn_forward, rows.swapped_backward).recognition.remarks == (
        "the names of the results (dgamma and dbeta) are kept, although the values are exchanged",
    )


def test_a_wrong_pattern_is_told() -> None:
    """Catches a function that is judged in a rank without saying that it is not by channel."""
    assert made_of(rows.wrong_axis).recognition.remarks == (
        (
            "y of rank 2 does not depend on x as a normalization by channel does: it is checked as "
            "it is"
        ),
    )


def test_broadcasting_offers_no_rank() -> None:
    """Catches code for rows that is said to take images, since broadcasting lets it."""
    assert made_of(rows.bn_forward, rows.bn_backward).ranks == (2,)


def test_channels_last() -> None:
    """Catches channels on the last axis that are sought on axis 1."""
    assert made_of(rows.any_layout).channel_axis == -1


def test_float64_inside() -> None:
    """Catches float32 that is offered although results come back in float64."""
    assert made_of(rows.float64_inside).dtypes == ("float64",)
    assert made_of(rows.bn_forward, rows.bn_backward).dtypes == ("float32", "float64")


@pytest.mark.parametrize(
    ("functions", "part", "why"),
    [
        ((rows.without_mode,), Part.EVALUATION, "no parameter says whether it is training"),
        (
            (rows.evaluation_raises,),
            Part.EVALUATION,
            "NotImplementedError: evaluation comes later",
        ),
        (
            (rows.bn_forward, rows.backward_raises),
            Part.GRADIENTS,
            "IndexError: tuple index out of range",
        ),
        (
            (rows.vjp_raises,),
            Part.GRADIENTS,
            "NotImplementedError: evaluation comes later",
        ),
        ((rows.returns_a_helper,), Part.GRADIENTS, "no result has the shape of x"),
        (
            (rows.bn_forward,),
            Part.GRADIENTS,
            (
                "forward returns more than y, and no backward takes it; name both as "
                "file.py:forward,backward, or add --without gradients"
            ),
        ),
    ],
    ids=["no mode", "raises", "backward", "pullback", "helper", "cache"],
)
def test_what_cannot_be_called_is_unidentified(
    functions: tuple[Any, ...], part: Part, why: str
) -> None:
    """Catches a part that is left out in silence because it could not be called."""
    (missing,) = made_of(*functions).recognition.unidentified

    assert (missing.part, missing.why) == (part, why)


def test_a_function_that_raises() -> None:
    """Catches an error without what was called, what it raised, and the user's line."""
    with pytest.raises(Unusable) as caught:
        recognise_functions(rows.forward_raises)

    said = "it cannot be called as forward_raises(x, gamma, beta): AttributeError: 'numpy.ndarray'"
    assert caught.value.reason.startswith(said)
    assert caught.value.line.startswith("rows.py, line ")
    assert caught.value.line.endswith("return gamma * x.nothing + beta")


def test_a_fault_of_ours_is_not_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a mistake of bnproof that is reported as an exception of the user's function."""

    def broken(*_: Any) -> Any:
        raise AttributeError("of bnproof")

    monkeypatch.setattr(Functions, "presented", broken)
    with pytest.raises(AttributeError, match="of bnproof"):
        recognise_functions(rows.bn_forward)


@pytest.mark.parametrize("error", [AttributeError, SystemExit, KeyError])
def test_what_the_user_raises_is_the_users(error: type[BaseException]) -> None:
    """Catches an exception of the user's function that stops the recognition."""

    def raises(x: Any, gamma: Any, beta: Any) -> Any:
        raise error(f"of the user: {x}, {gamma}, {beta}")

    with pytest.raises(Unusable, match="of the user"):
        recognise_functions(raises)


def test_factories_and_other_things_are_left_to_others() -> None:
    """Catches a factory that is called as if it were the normalization itself."""
    assert is_factory(rows.make_bn)
    assert recognise_functions(rows.make_bn) is None
    assert recognise_functions(int) is None
    assert recognise_functions((rows.bn_forward, rows.stateful, print, print)) is None


def test_a_function_that_changes_x() -> None:
    """Catches probes that go on with an x that the function has changed."""
    assert made_of(rows.changes_x).recognition.remarks == ()
    assert violated(made_of(rows.changes_x))


def test_a_parameter_that_nothing_explains() -> None:
    """Catches a parameter that is given a guess in silence."""
    (missing,) = made_of(rows.needs_more).recognition.unidentified

    assert missing.what == "the parameter 'workers'"
    assert missing.why == "it was given eps, and no known formula explains the results"


def test_the_error_that_came_furthest_is_shown() -> None:
    """Catches a slip in code for images that is hidden by what rows raise."""
    with pytest.raises(Unusable) as caught:
        recognise_functions(rows.images_raise)
    assert caught.value.line.endswith("return gamma * x.reshape(n, c, h * w).nothing + beta")
