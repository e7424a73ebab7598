"""What is declared from outside holds for every variant; parts that do not exist are left out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.targets.norms import Declared, HalfRecognised, Undeclared

from bnproof.engine.contract.declaration import Declaration, declaration_of
from bnproof.recognition.recognised import Origin, Part, Recognition
from bnproof.reference import BatchNorm
from bnproof.targets.declarations import outside_of
from bnproof.targets.description import incomplete_lines, origins_of, recognised_lines
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import prepare


class Wide(Undeclared):
    """A variant of two dtypes."""

    dtypes = ("float32", "float64")


class Half(Undeclared):
    """A variant of one other dtype."""

    dtypes = ("float16",)


def test_variants_without_the_declared_dtype_are_left_out() -> None:
    """Catches a variant that is checked in a dtype that it does not have."""
    made = [Wide(), Half()]

    def dtypes(*declared: str) -> list[tuple[str, ...]]:
        outside = outside_of({"dtypes": declared} if declared else {})
        return [each.declaration.dtypes for each in prepare(made, object(), outside)]

    assert dtypes() == [("float32", "float64"), ("float16",)]
    assert dtypes("float64") == [("float64",)]
    assert dtypes("float64", "float16") == [("float64",), ("float16",)]
    assert dtypes("bfloat16") == [("bfloat16",), ("bfloat16",)]  # the user says that both can


def test_an_adapter_follows_what_is_declared() -> None:
    """Catches an adapter that goes on reading its own attribute."""
    adapter, own = Wide(), Wide()
    (adapted,) = prepare([adapter], object(), outside_of(["keeps_strides=false"]))
    (direct,) = prepare([own], own, outside_of(["keeps_strides=false"]))

    assert (adapted.adapted, direct.adapted) == (True, False)
    assert adapter.keeps_strides is False  # type: ignore[attr-defined]  # it was set
    assert not hasattr(own, "keeps_strides")
    assert direct.declaration.keeps_strides is False


def test_tables_are_merged() -> None:
    """Catches a declaration of eps that forgets how many channels an instance has."""
    own = Wide()
    own.fixed = {"channels": 8}  # type: ignore[attr-defined]  # as an instance declares it
    (made,) = prepare([own], own, outside_of(["fixed=eps:0.5"]))
    assert made.declaration.fixed == {"channels": 8, "eps": 0.5}


def test_origins() -> None:
    """Catches an attribute that is said to come from somewhere else than it does."""
    own = Declared()
    outside = outside_of(["running_variance=unbiased"])
    (made,) = prepare([own], own, outside)
    origins = origins_of(made.told, outside.declared, {"single_value": "beta"})

    assert origins["momentum_weighs"] is Origin.DECLARED_INSIDE
    assert origins["running_variance"] is Origin.DECLARED_OUTSIDE
    assert origins["single_value"] is Origin.IDENTIFIED
    assert origins["ranks"] is Origin.DEFAULT
    adapted = replace(made.told, adapted=True)
    assert origins_of(adapted, {}, {})["momentum_weighs"] is Origin.READ


def test_lines_about_a_recognised_target() -> None:
    """Catches a form, a name or an origin that the report leaves out."""
    own = HalfRecognised()
    outside = outside_of(["ranks=2"])
    (made,) = prepare([own], own, outside)
    origins = origins_of(made.told, outside.declared, {})
    lines = recognised_lines(made.recognition, origins, made.declaration)

    assert lines == (
        "form: NumPy class with forward and backward",
        "gamma = scale, beta = shift",
        (
            "declared with --declare: ranks 2; identified: momentum_weighs old; "
            "declared by the target: running_variance biased"
        ),
    )
    (line,) = incomplete_lines(made.told.unidentified(Outside()))
    assert line.startswith("not identified: the buffer noise of shape (3,) (training moves it); ")
    assert line.endswith(
        "declare what it is with an adapter, or add --without other-state to check the rest"
    )
    assert made.told.unidentified(Outside(without=(Part.OTHER_STATE,))) == ()


def test_what_is_evident_is_not_told() -> None:
    """Catches a line that is full before it comes to what was declared or found on request."""
    found = ("dtypes", "ranks", "channel_axis", "affine_parameters", "momentum_weighs")
    made = Recognition(
        "NumPy class",
        {"gamma": "gamma", "beta": "shift"},
        dict.fromkeys(found, Origin.IDENTIFIED),
    )
    origins = {**made.origins, "empty": Origin.IDENTIFIED, "ranks": Origin.DECLARED_OUTSIDE}

    assert recognised_lines(made, origins, Declaration(ranks=(2,))) == (
        "form: NumPy class",
        "beta = shift",
        "declared with --declare: ranks 2; identified: empty error, momentum_weighs new",
    )


def _called(*parts: Part, made: Any = None) -> Any:
    (each,) = prepare([made or BatchNorm()], object(), Outside(without=parts))
    return each


X = np.arange(12, dtype=np.float64).reshape(6, 2) ** 2
ONES, ZEROS = np.ones(2), np.zeros(2)


def _trained(each: Any) -> Any:
    return each.implementation.train(X, ONES, ZEROS, ZEROS, ONES, momentum=0.5, eps=0.5)


def test_without_running_statistics() -> None:
    """Catches statistics that are judged although the user says that there are none."""
    y, mean, var, backward = _trained(_called(Part.RUNNING_STATISTICS))
    assert (mean, var) == (None, None)
    assert backward(y)[0].shape == X.shape


def test_without_gradients() -> None:
    """Catches a backward that is judged although the user says that there is none."""
    assert _trained(_called(Part.GRADIENTS))[3] is None


def test_without_double_backward() -> None:
    """Catches a double backward that is judged, or a backward that is lost with it."""
    backward = _trained(_called(Part.DOUBLE_BACKWARD))[3]
    assert not hasattr(backward, "double")
    assert len(backward(X)) == 3


@pytest.mark.parametrize("made", [Undeclared(), BatchNorm()])
def test_without_evaluation(made: Any) -> None:
    """Catches an evaluation that is called although the user says that there is none."""
    each = _called(Part.EVALUATION, made=made)
    assert each.declaration.methods == ("train",)
    assert each.implementation.infer is None
    assert "infer" in declaration_of(made).methods


def test_layers_alone_without_evaluation() -> None:
    """Catches a layer that is asked to evaluate."""

    class Layers:
        def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
            return BatchNorm().layer(channels, momentum=momentum, eps=eps)

    each = _called(Part.EVALUATION, made=Layers())
    assert each.declaration.methods == ("train",)
    assert _trained(each)[0].shape == X.shape
    each = _called(Part.RUNNING_STATISTICS, made=Layers())
    layer = each.implementation.layer(2, momentum=0.5, eps=0.5)
    assert not {"running_mean", "running_var"} & set(layer.state())
    layer.load(layer.state())


def test_without_parameters() -> None:
    """Catches gamma and beta that are given to a target that has none."""
    assert _called(Part.PARAMETERS).declaration.affine_parameters == "none"
