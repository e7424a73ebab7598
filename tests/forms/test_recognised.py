"""What right twins are recognised as: a wrong role or rank makes every verdict on a form wrong."""

from importlib.util import find_spec
from typing import Any

import pytest
from tests.forms.expected import FORMS, RIGHT
from tests.forms.form import Form

from bnproof.engine.contract.declaration import declaration_of
from bnproof.recognition.recognised import Recognition, recognition_of
from bnproof.targets.loading import load

SKIPPED = {
    69: "it is of the contract, so that nothing has to be recognised",
    71: "objects on JAX arrays are refused, with a message that says so",
}


def loaded(form: Form) -> tuple[Recognition, Any]:
    """The recognition and the declaration of a right twin."""
    if form.extra == "jax" and find_spec("jax") is None:
        pytest.skip("jax is not installed")
    if form.number in SKIPPED:
        pytest.skip(SKIPPED[form.number])
    made = load(f"{RIGHT / form.target}")[0]
    return recognition_of(made), declaration_of(made)


def plain(name: str) -> str:
    """A slot as the corpus writes it: params['gamma'] is params.gamma, [0].weight is 0.weight."""
    return name.replace("']", "").replace("['", ".").replace("]", "").replace("[", "").strip(".")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, in its compiler
@pytest.mark.parametrize("form", FORMS, ids=[form.file for form in FORMS])
def test_right_twins_are_recognised(form: Form) -> None:
    """Catch an argument or array that is taken for another, and a rank that is left out."""
    recognition, declaration = loaded(form)

    found = {
        role: plain(recognition.roles[role]) for role in form.roles if role in recognition.roles
    }
    assert found == dict(form.roles)
    assert set(form.ranks) <= set(declaration.ranks)
    if form.channel_axis:
        assert declaration.channel_axis == form.channel_axis or declaration.ranks == (2,)
    if form.momentum_weighs:
        assert declaration.momentum_weighs == form.momentum_weighs
    assert not recognition.unidentified
