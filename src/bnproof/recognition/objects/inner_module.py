"""The batch normalization inside a torch module that does more: a convolution, an activation.

An activation may follow where y is a function of z, the output of the norm, element by element: z
does not change when x becomes 3x + 1, nor does its y, and equal z have equal y.  A module that
changes x on its way to the norm, or that scales z, is judged as a whole, since that may be the
mistake.
"""

import re
import sys
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.objects.arrays import NumPyArrays, TorchArrays
from bnproof.recognition.objects.data import shape_of
from bnproof.recognition.objects.makers import Wanted, is_instance, makers_of
from bnproof.recognition.objects.slots import is_torch_class, is_torch_module
from bnproof.recognition.patterns import RANKS
from bnproof.recognition.user_calls import UsersError, called

_NORM = re.compile(r"batch_?norm|(?:^|_)bn", re.IGNORECASE)
NEAR = 1e-3
"""How near values are that a right norm makes equal but for eps, which is small beside var here."""


@dataclass(frozen=True)
class Inside:
    """The one batch normalization in a module.

    Attributes:
        name: its dotted name.
        module: the module itself.
        others: names of parameters that the module has beside it.
        followed: whether nothing but an activation follows it.
    """

    name: str
    module: Any
    others: tuple[str, ...] = ()
    followed: bool = False


def inside(target: Any) -> Inside | None:
    """The one batch normalization in a module, None where there is none, or several."""
    made = _example(target)
    if made is None:
        return None
    found = [(name, m) for name, m in made.named_modules() if name and _is_norm(m)]
    outermost = [n for n, _ in found if not any(n.startswith(f"{o}.") for o, _ in found if o != n)]
    if len(outermost) != 1:
        return None
    name, module = outermost[0], dict(found)[outermost[0]]
    own = {id(p) for p in module.parameters()}
    others = tuple(n for n, p in made.named_parameters() if id(p) not in own)
    untouched = deepcopy(module)  # looking for an activation trains the module
    return Inside(name, untouched, others, followed=not others and _followed(made, module))


def _is_norm(module: Any) -> bool:
    return any(_NORM.search(base.__name__) for base in type(module).__mro__[:-1])


def _example(target: Any) -> Any:
    """An object of a torch module, None for anything else and for what cannot be made."""
    if isinstance(target, type) and not is_torch_class(target):
        return None
    if is_instance(target) and not is_torch_module(target):
        return None
    arrays = TorchArrays() if "torch" in sys.modules else NumPyArrays()  # a factory may need none
    for maker in makers_of(target):
        try:
            made = maker.make(Wanted(3, 4, "float32"), arrays)
        except UsersError:  # another way may work
            continue
        return made if is_torch_module(made) else None
    return None


def _followed(made: Any, module: Any) -> bool:
    """Whether an activation alone follows the norm, in training and in evaluation."""
    channels = next((int(np.prod(tuple(p.shape))) for p in module.parameters()), 3)
    for rank in RANKS:
        x = np.random.default_rng(3).normal(size=shape_of(rank, channels)).astype(np.float32)
        try:
            return _is_activation(made, module, 4 * x)
        except UsersError:  # another rank may work
            continue
    return False


def _is_activation(made: Any, module: Any, x: Array) -> bool:
    """Whether y is a function of z that is neither z itself nor a multiple of it nor a ReLU."""
    twin = np.array(x)
    if x.shape[1] > 1:
        twin[:, 1] = twin[:, 0]
    z, y = _seen(made, module, twin, training=True)
    _, moved = _seen(made, module, 3 * twin + 1, training=True)
    evaluated = _seen(made, module, x, training=False)
    if z is None or evaluated[0] is None or y.shape != z.shape:
        return False
    same = np.allclose(y, moved, rtol=NEAR, atol=NEAR)
    equal = x.shape[1] == 1 or np.allclose(y[:, 1], y[:, 0], rtol=NEAR, atol=NEAR)
    line = np.polyfit(z.ravel(), y.ravel(), 1)
    straight = np.allclose(np.polyval(line, z), y, rtol=NEAR, atol=NEAR)
    return bool(same and equal and not straight and not np.array_equal(y, np.maximum(z, 0)))


def _seen(made: Any, module: Any, x: Array, *, training: bool) -> tuple[Array | None, Array]:
    """z and y of one call; z is None if the norm was not given the very x, in the same mode."""
    import torch  # noqa: PLC0415  # a torch module was made

    seen: list[tuple[Any, Any, bool]] = []

    def look(norm: Any, given: Any, returned: Any) -> None:
        seen.append((given[0].detach().clone(), returned.detach().clone(), norm.training))

    handle = module.register_forward_hook(look)
    try:
        called(made.train, training)
        y = called(made, torch.from_numpy(np.array(x)))
    finally:
        handle.remove()
    given = len(seen) == 1 and seen[0][0].shape == x.shape and seen[0][2] == training
    exact = given and bool((seen[0][0].numpy() == x).all())
    return (seen[0][1].numpy() if exact else None), y.detach().numpy()
