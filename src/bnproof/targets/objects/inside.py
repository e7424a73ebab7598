"""The batch normalization inside a torch module that does more: a convolution, an activation."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.targets.objects.arrays import TorchArrays
from bnproof.targets.objects.makers import Wanted, makers_of
from bnproof.targets.objects.slots import is_torch_module

_NORM = re.compile(r"batch_?norm|(?:^|_)bn", re.IGNORECASE)
_HARMLESS = ("torch.nn.modules.activation", "torch.nn.modules.dropout")


@dataclass(frozen=True)
class Inside:
    """The one batch normalization in a module.

    Attributes:
        name: its dotted name.
        module: the module itself.
        around: what else the module does, in words.
    """

    name: str
    module: Any
    around: str


def inside(target: Any) -> Inside | None:
    """The one batch normalization in a module that has more of its own, None if there is none.

    A module that has nothing but a batch normalization is judged as a whole, and so is one that
    changes x on the way to it, since that may be the mistake.
    """
    made = _example(target)
    if made is None:
        return None
    found = [(name, m) for name, m in made.named_modules() if name and _is_norm(m)]
    outermost = [n for n, _ in found if not any(n.startswith(f"{o}.") for o, _ in found if o != n)]
    if len(outermost) != 1:
        return None
    name, module = outermost[0], dict(found)[outermost[0]]
    own = {id(p) for p in module.parameters()}
    others = [n for n, p in made.named_parameters() if id(p) not in own]
    if others:
        return Inside(name, module, f"it has parameters of its own: {', '.join(others[:3])}")
    beside = [
        m for n, m in made.named_modules() if n and not n.startswith(name) and m is not module
    ]
    leaves = [m for m in beside if not list(m.children())]
    if leaves and all(type(m).__module__ in _HARMLESS for m in leaves):
        kinds = ", ".join(type(m).__name__ for m in leaves)
        return Inside(name, module, f"{kinds} follows it") if _gets_x(made, module) else None
    return None


def _is_norm(module: Any) -> bool:
    return any(_NORM.search(base.__name__) for base in type(module).__mro__[:-1])


def _example(target: Any) -> Any:
    """An object of a torch module, None for anything else and for what cannot be made."""
    arrays = None
    for maker in makers_of(target):
        if not (is_torch_module(target) or isinstance(target, type) or callable(target)):
            return None
        try:
            arrays = arrays or TorchArrays()
            made = maker.make(Wanted(3, 4, "float32"), arrays)
        except Exception:  # noqa: BLE001, S112  # the user's constructor; another way may work
            continue
        return made if is_torch_module(made) else None
    return None


def _gets_x(made: Any, module: Any) -> bool:
    """Whether the batch normalization is given the very x that the module is given."""
    import torch  # noqa: PLC0415  # a torch module was made

    seen: list[Any] = []
    handle = module.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    channels = next((int(np.prod(p.shape)) for p in module.parameters()), 3)
    try:
        for shape in ((7, channels), (4, channels, 5), (4, channels, 5, 2)):
            x = torch.arange(float(np.prod(shape))).reshape(shape)
            seen.clear()
            try:
                made(x)
            except Exception:  # noqa: BLE001, S112  # the user's code; another rank may work
                continue
            return len(seen) == 1 and seen[0].shape == x.shape and bool((seen[0] == x).all())
        return False
    finally:
        handle.remove()
