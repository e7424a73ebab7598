"""A recognised object's adapter as source text, for scripts that need no more than the target.

The text defines IMPLEMENTATION, an object of the contract, out of TARGET, which is what the user
wrote.  It says in plain code what was recognised: how an object is made and called, and where its
parameters, statistics and gradients are.
"""

import textwrap
from collections.abc import Iterator

from bnproof.recognition.aliases import AFFINE, Role
from bnproof.recognition.objects.calls import Way
from bnproof.recognition.objects.implementation import Traits
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.objects.slots import Path, name_of

_HEAD = '''
{helpers}


class Layer:
    """One object of the target, with its state under the names of the contract."""

    def __init__(self, channels, *, momentum, eps, dtype=None, rank={rank}):
        dtype = {parameters!r}
        self.object = {made}
{prepare}

    def train(self, x):
        return self.call(x, True)

    def infer(self, x):
        return self.call(x, False)

    def call(self, x, training):
        o = self.object
{select}
        x = {native}
{call}

    def state(self):
        o = self.object
        held = {{{state}}}
        return {{name: numbers(value) for name, value in held.items() if value is not None}}

    def load(self, state):
        o = self.object
{load}


class Functions:
    """Functions of the object: each call on a new one, into which the state is loaded."""

    def layer(self, channels, **settings):
        return Layer(channels, **settings)

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps, batches_seen=0):
        layer = Layer(len(running_mean), momentum=momentum, eps=eps, rank=x.ndim)
        state = {{"gamma": gamma, "beta": beta, "running_mean": running_mean}}
        layer.load({{**state, "running_var": running_var, "batches_seen": batches_seen}})
        return self.results(layer, *layer.train(x))

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        layer = Layer(len(running_mean), momentum={momentum}, eps=eps, rank=x.ndim)
        state = {{"gamma": gamma, "beta": beta, "running_mean": running_mean}}
        layer.load({{**state, "running_var": running_var}})
        return self.results(layer, *layer.infer(x))

    def results(self, layer, y, backward):
        state = layer.state()
        return y, state.get("running_mean"), state.get("running_var"), backward


IMPLEMENTATION = Functions()
'''

_TORCH_HELPERS = '''
def tensor(a):
    """The array's own memory as a tensor; negative strides, which torch has not, are copied."""
    if {copied} or any(stride < 0 for stride in a.strides):
        a = np.array(a, order="C")
    return torch.from_numpy(a).to({data})


def numbers(t):
    """A tensor as an array, channels along one axis; NumPy has no bfloat16 of its own."""
    if not hasattr(t, "detach"):
        return t
    t = t.detach()
    return np.array((t.float() if t.dtype == torch.bfloat16 else t).numpy()).reshape(-1)


def whole(t):
    """y or dx as an array in its own shape."""
    t = t.detach()
    return np.array((t.float() if t.dtype == torch.bfloat16 else t).numpy())


def put(held, value):
    """The value in the shape and dtype of what is held."""
    if isinstance(held, torch.Tensor):
        with torch.no_grad():
            held.copy_(torch.as_tensor(np.array(value)).reshape(held.shape))
        return held
    return type(held)(value)
'''

_NUMPY_HELPERS = '''
def numbers(a):
    """A copy of an array with one value per channel."""
    return np.array(a).reshape(-1) if isinstance(a, np.ndarray) else a


def put(held, value):
    """The value in the shape of what is held."""
    if held is None or isinstance(held, np.ndarray):
        shape = np.shape(held) if held is not None else np.shape(value)
        return np.array(value).reshape(shape)
    return type(held)(value)
'''

_FLAT = '''

def flat(result):
    """The arrays that a backward returned, one after the other."""
    if isinstance(result, np.ndarray):
        return [result]
    inside = result.values() if isinstance(result, dict) else result or ()
    return [a for part in inside for a in flat(part)]
'''

_AUTOGRAD = """
        x = x.detach().requires_grad_()
        y = {call}
        inputs = [t for t in (x, {parameters}) if t is not None and t.requires_grad]
        if not y.requires_grad:
            return whole(y), None

        def backward(dy):
            found = torch.autograd.grad(y, inputs, {dy}, retain_graph=True, allow_unused=True)
            found = [torch.zeros_like(t) if g is None else g for g, t in zip(found, inputs)]
            by_id = {{id(t): g for g, t in zip(found, inputs)}}
            gradients = [by_id.get(id(t)) for t in ({parameters},)]
            return whole(by_id[id(x)]), *(None if g is None else numbers(g) for g in gradients)

        def double(dy, *along):
            dy = {dy}.requires_grad_()
            found = torch.autograd.grad(y, inputs, dy, create_graph=True, allow_unused=True)
            by_id = {{id(t): a for t, a in zip((x, {parameters}), along) if t is not None}}
            weights = [tensor(by_id[id(t)]).reshape(t.shape) for t in inputs]
            results, weights = zip(*[(g, w) for g, w in zip(found, weights) if g is not None])
            gamma = ({parameters},)[0]
            wanted = [dy, x, *(t for t in inputs if t is gamma)]
            found = torch.autograd.grad(
                results, wanted, weights, retain_graph=True, allow_unused=True
            )
            made = [torch.zeros_like(t) if g is None else g for g, t in zip(found, wanted)]
            dgamma = numbers(made[2]) if len(made) > 2 else None
            return whole(made[0]), whole(made[1]), dgamma

        backward.double = double
        return whole(y), backward
"""

_BY_METHOD = """
        result = {call}
        y, cache = result if isinstance(result, tuple) else (result, None)
        kept = copy.deepcopy((o, cache))

        def backward(dy):
            o, cache = copy.deepcopy(kept)
            back = o.{method}({arguments})
            parts = flat(back)
            return {dx}, {dgamma}, {dbeta}

        return np.array({y}), backward if training else None
"""

_ALONE = """
        result = {call}
        y = result[0] if isinstance(result, tuple) else result
        return {whole}, None
"""


def standalone(recipe: Recipe, traits: Traits, dtype: str) -> str:
    """The source text of the adapter of an object, for cases of one dtype."""
    lab = recipe.lab
    torch = lab.arrays.name == "torch"
    parameters = traits.parameter_dtypes.get(dtype, dtype)
    copied = traits.keeps_strides is False
    helpers = _NUMPY_HELPERS + (_FLAT if recipe.backward is not None else "")
    if torch:
        helpers = _TORCH_HELPERS.format(copied=copied, data=f"torch.{dtype}")
    native = "tensor(x)" if torch else "np.array(x)" if copied else "x"
    return _HEAD.format(
        helpers=helpers.strip("\n"),
        rank=traits.ranks[0],
        parameters=parameters,
        made=_making(recipe),
        prepare=_indented(_prepare(recipe, parameters)),
        select=_indented(_select(recipe)),
        native=f"{native}.T" if lab.columns else native,
        call=_calling(recipe).strip("\n"),
        state=", ".join(_state(recipe)),
        load=_indented(_load(recipe)),
        momentum=traits.fixed.get("momentum", 0.5),
    )


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
    arrays = "torch.from_numpy({})" if recipe.lab.arrays.name == "torch" else "{}"
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
    if lab.arrays.name == "torch" and lab.modes.is_module:
        yield f"o.to(torch.{dtype})"
    for role, path in recipe.paths.items():
        here = _expression(path)
        if lab.arrays.name == "torch" and not lab.modes.is_module:
            yield f"{here} = {here}.detach().to(torch.{dtype})"
        elif lab.arrays.name != "torch":
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


def _calling(recipe: Recipe) -> str:
    modes = recipe.lab.modes
    call = _called(recipe, modes.train)
    if modes.evaluate is not None and modes.evaluate != modes.train:
        call = f"{call} if training else {_called(recipe, modes.evaluate)}"
    if modes.under_no_grad:
        call = f"torch.set_grad_enabled(training)({_AS_FUNCTION})(o, x)".replace("CALL", call)
    turned = ".T" if recipe.lab.columns else ""
    torch = recipe.lab.arrays.name == "torch"
    if recipe.autograd:
        parameters = [
            _expression(recipe.paths[role]) if role in recipe.paths else "None" for role in AFFINE
        ]
        return _AUTOGRAD.format(
            call=call, parameters=", ".join(parameters), dy=f"tensor(dy){turned}"
        )
    if recipe.backward is None:
        return _ALONE.format(call=call, whole="whole(y)" if torch else f"np.array(y{turned})")
    plan = recipe.backward
    names = f"{plan.dy_name}=dy{turned}, {plan.takes_cache}=cache"
    places = {role: f"numbers({_expression(path)})" for role, path in plan.left}
    places |= {role: f"numbers(parts[{i}])" for i, role in enumerate(plan.returned)}
    if Role.DX in plan.returned:
        places[Role.DX] = f"np.array(parts[{plan.returned.index(Role.DX)}]{turned})"
    elif Role.DX in places:
        places[Role.DX] = f"np.array({_expression(dict(plan.left)[Role.DX])}{turned})"
    return _BY_METHOD.format(
        call=call,
        method=plan.method,
        arguments=names if plan.takes_cache else f"dy{turned}",
        y=f"y{turned}",
        dx=places.get(Role.DX, "None"),
        dgamma=places.get(Role.DGAMMA, "None"),
        dbeta=places.get(Role.DBETA, "None"),
    )


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
