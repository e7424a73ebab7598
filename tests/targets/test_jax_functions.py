"""JAX functions are recognised and judged, with gradients by jax.vjp."""

import pytest

pytest.importorskip("jax")

from tests.targets import jax_functions
from tests.targets.judged import made_of, violated


def test_state_in_and_out() -> None:
    """Catches a dict or a NamedTuple of arrays that is not filled, or float64 that is offered."""
    made = made_of(jax_functions.apply)

    assert made.recognition.form == "JAX function, statistics returned, gradients by jax.vjp"
    assert made.recognition.roles["running_mean"] == "state.mean"
    assert (made.dtypes, made.ranks, made.momentum_weighs) == (("float32",), (2,), "old")
    assert made.fixed == {"eps": 1e-3}
    assert violated(made, running_variance="biased") == set()


def test_wrong_gradient() -> None:
    """Catches a gradient that stops, which is taken for right."""
    assert "backward/agreement" in violated(made_of(jax_functions.stopped))
