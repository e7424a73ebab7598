"""Functions as implementations of the contract, without an adapter.

One function, a pair forward and backward, a pair for training and evaluation, and subclasses of
torch.autograd.Function are recognised, on arrays of NumPy, torch or JAX.  Their form is guessed
from signatures and names (`bnproof.recognition.aliases`), and confirmed by behaviour on small data.
Where the two contradict each other, the names win, so that a mistake is judged and not explained
away.
"""

from typing import Any

from bnproof.recognition.errors import Unusable
from bnproof.recognition.exceptions import raised
from bnproof.recognition.functions.description import described
from bnproof.recognition.functions.fits import Misfit, fit
from bnproof.recognition.functions.parameters import parameters_of
from bnproof.recognition.functions.user_functions import given_by, is_function, takes_x


def is_factory(target: Any) -> bool:
    """Whether a target is a function that makes something: none of its parameters may be x.

    >>> def make(channels, eps=1e-5): ...
    >>> is_factory(make), is_factory(lambda x, gamma: x)
    (True, False)
    """
    if not is_function(target) or isinstance(target, type):
        return False
    parameters = parameters_of(target)
    return parameters is not None and not takes_x(parameters)


def recognise_functions(target: Any) -> list[Any] | None:
    """The implementations that a function, or a tuple of functions, stands for.

    None if the target is something else, or a factory.  Raises `Unusable`, with what the user's
    code raised, if no way to call the functions works.

    >>> import numpy as np
    >>> def bn(x, gamma, beta, eps=1e-5):
    ...     return gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta
    >>> (made,) = recognise_functions(bn)
    >>> made.recognition.form, made.ranks
    ('NumPy function', (2,))
    """
    given = given_by(target)
    if given is None or is_factory(given.functions[given.main]):
        return None
    misfit = Misfit()
    made = fit(given, misfit)
    if made is not None:
        return [described(made)]
    if misfit.error is None:
        raise Unusable(
            f"expected an array of the shape of x from {misfit.called or 'the function'}, got none"
        )
    said = raised(misfit.error)
    raise Unusable(f"it cannot be called as {misfit.called}: {said.text}", said.where)
