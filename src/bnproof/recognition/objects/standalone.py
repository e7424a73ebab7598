"""A recognised object's adapter as source text, for scripts that need no more than the target.

The text defines IMPLEMENTATION, an object of the contract, out of TARGET, which is what the user
wrote.  It is made of the ``standalone_*.py.txt`` files beside this one, which say in plain code
what was recognised: how an object is made and called, and where its parameters, statistics and
gradients are; and of the adapter's own text for the gradients.
"""

import textwrap
from collections.abc import Iterator
from importlib.resources import files
from string import Template

from bnproof.recognition.aliases import AFFINE, Role
from bnproof.recognition.objects import autograd, flattened
from bnproof.recognition.objects.call_modes import Way
from bnproof.recognition.objects.gradients import Backward
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.objects.slots import Path, name_of
from bnproof.recognition.objects.traits import Traits
from bnproof.recognition.own_text import own_text


def standalone(recipe: Recipe, traits: Traits, dtype: str) -> str:
    """The source text of the adapter of an object, for cases of one dtype."""
    parameters = traits.parameter_dtypes.get(dtype, dtype)
    parts = [_arrays(recipe, dtype, copied=traits.keeps_strides is False)]
    if recipe.autograd:
        parts.append(own_text(autograd))
    elif recipe.backward is not None:
        parts.append(own_text(flattened))
    layer = _text(
        "layer",
        rank=traits.ranks[0],
        turned=_turned(recipe),
        dtype=repr(parameters),
        made=_making(recipe),
        prepare=_indented(_prepare(recipe, parameters)),
        select=_indented(_select(recipe)),
        call=_calling(recipe, traits),
        state=", ".join(_state(recipe)),
        load=_indented(_load(recipe)),
        momentum=traits.fixed.get("momentum", 0.5),
    )
    return "\n\n\n".join([*parts, layer])


def _text(name: str, **values: object) -> str:
    """The text of a file beside this one, with its $NAMES replaced."""
    path = files("bnproof.recognition.objects").joinpath(f"standalone_{name}.py.txt")
    return Template(path.read_text(encoding="utf-8")).substitute(values).strip("\n")


def _arrays(recipe: Recipe, dtype: str, *, copied: bool) -> str:
    """How arrays go into the target and come back."""
    if _is_torch(recipe):
        return _text("torch", copied=copied, dtype=dtype)
    return _text("numpy", copied="np.array(a)" if copied else "a")


def _is_torch(recipe: Recipe) -> bool:
    return recipe.lab.arrays.name == "torch"


def _turned(recipe: Recipe) -> str:
    return ".T" if recipe.lab.columns else ""


def _indented(lines: Iterator[str]) -> str:
    return textwrap.indent("\n".join(lines), " " * 8)


def _expression(path: Path) -> str:
    """A slot of the object ``o`` as Python writes it."""
    name = name_of(path)
    return f"o{name}" if name.startswith("[") else f"o.{name}"


def _making(recipe: Recipe) -> str:
    """The expression that makes an object."""
    maker = recipe.lab.maker
    if maker.is_instance:
        return "copy.deepcopy(TARGET)"
    arrays = "torch.from_numpy({})" if _is_torch(recipe) else "{}"
    values = {
        Role.CHANNELS: "(channels,)" if maker.as_shape else "channels",
        Role.SHAPE: "(channels,)",
        Role.RANK: "rank",
        Role.EPS: "eps",
        Role.MOMENTUM: "momentum",
        Role.GAMMA: arrays.format("np.ones(channels, dtype)"),
        Role.BETA: arrays.format("np.zeros(channels, dtype)"),
        Role.RUNNING_MEAN: arrays.format("np.zeros(channels, dtype)"),
        Role.RUNNING_VAR: arrays.format("np.ones(channels, dtype)"),
    }
    given = [
        f"{argument.name}={values[argument.role]}" if argument.name else values[argument.role]
        for argument in maker.signature.arguments
        if argument.role in values
    ]
    given += [f"{name}={values[role]}" for name, role in maker.sent]
    return f"TARGET({', '.join(given)})"


def _prepare(recipe: Recipe, dtype: str) -> Iterator[str]:
    """What is done to a new object before its first call."""
    lab = recipe.lab
    yield "o = self.object"
    for name in lab.maker.setup:
        yield f"o.{name}(*([channels] if o.{name}.__code__.co_argcount > 1 else []))"
    if lab.warm_up:
        shape = "(channels, 4)" if lab.columns else "(4, channels, *(2,) * (rank - 2))"
        yield f"batch = np.arange(np.prod({shape})).reshape({shape}) % 7 - 3.0"
        yield "self.call(batch.astype(dtype), True)  # what it makes at its first call"
    if _is_torch(recipe) and lab.modes.is_module:
        yield f"o.to(torch.{dtype})"
    for role, path in recipe.paths.items():
        here = _expression(path)
        if _is_torch(recipe) and not lab.modes.is_module:
            yield f"{here} = {here}.detach().to(torch.{dtype})"
        elif not _is_torch(recipe):
            yield f"{here} = None if {here} is None else np.asarray({here}, dtype)"
        if recipe.autograd and role in AFFINE:
            yield f"{here}.requires_grad_()"


_AS_FUNCTION = "lambda o, x: CALL"


def _select(recipe: Recipe) -> Iterator[str]:
    modes = recipe.lab.modes
    if modes.is_module:
        yield "o.train(training)"
    if modes.methods is not None:
        yield f"o.{modes.methods[0]}() if training else o.{modes.methods[1]}()"
    for name, role in modes.attributes:
        yield f"o.{name} = {_flag(recipe, role)}"


def _flag(recipe: Recipe, role: Role) -> str:
    first, second = recipe.lab.modes.words
    return {Role.TRAINING: "training", Role.EVALUATION: "not training"}.get(
        role, f"{first!r} if training else {second!r}"
    )


def _called(recipe: Recipe, way: Way) -> str:
    flags = "".join(f", {name}={_flag(recipe, role)}" for name, role in way.flags)
    method = "o" if recipe.lab.modes.is_module else f"o.{way.method}"
    return f"{method}(x{flags})"


def _calling(recipe: Recipe, traits: Traits) -> str:
    modes = recipe.lab.modes
    call = _called(recipe, modes.train)
    if modes.evaluate is not None and modes.evaluate != modes.train:
        call = f"{call} if training else {_called(recipe, modes.evaluate)}"
    if modes.under_no_grad:
        call = f"torch.set_grad_enabled(training)({_AS_FUNCTION})(o, x)".replace("CALL", call)
    if recipe.autograd:
        return _by_autograd(recipe, call, twice=traits.differentiates_twice)
    if recipe.backward is not None:
        return _by_method(recipe.backward, call)
    return _text("forward_only", call=call)


def _by_autograd(recipe: Recipe, call: str, *, twice: bool) -> str:
    parameters = [
        _expression(recipe.paths[role]) if role in recipe.paths else "None" for role in AFFINE
    ]
    return _text("by_autograd", call=call, parameters=", ".join(parameters), twice=twice)


def _by_method(plan: Backward, call: str) -> str:
    found = {role: _expression(path) for role, path in plan.left}
    found |= {role: f"parts[{i}]" for i, role in enumerate(plan.returned)}
    dy = "to_target(dy)"
    return _text(
        "by_method",
        call=call,
        method=plan.method,
        arguments=f"{plan.dy_name}={dy}, {plan.takes_cache}=cache" if plan.takes_cache else dy,
        dx=f"from_target({found[Role.DX]})" if Role.DX in found else "None",
        dgamma=_per_channel(found.get(Role.DGAMMA)),
        dbeta=_per_channel(found.get(Role.DBETA)),
    )


def _per_channel(expression: str | None) -> str:
    return "None" if expression is None else f"per_channel({expression})"


def _state(recipe: Recipe) -> Iterator[str]:
    for role, path in recipe.paths.items():
        yield f'"{role}": {_expression(path)}'
    if recipe.counter is not None:
        yield f'"batches_seen": int({_expression(recipe.counter)})'


def _load(recipe: Recipe) -> Iterator[str]:
    slots = {str(role): path for role, path in recipe.paths.items()}
    if recipe.counter is not None:
        slots["batches_seen"] = recipe.counter
    for name, path in slots.items():
        here = _expression(path)
        yield f'if state.get("{name}") is not None:'
        yield f'    {here} = put({here}, state["{name}"])'
