"""The adapters of this folder as source text, for scripts that need no more than the target.

Each defines IMPLEMENTATION, an object of the contract, out of TARGET, which is what the user wrote.
"""

COURSE = '''
class CourseFunctions:
    """The two functions of the exercise, called as it calls them."""

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        bn_param = {"mode": "train", "eps": eps, "momentum": momentum}
        return self.call(x, gamma, beta, bn_param, running_mean, running_var)

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        return self.call(x, gamma, beta, {"mode": "test", "eps": eps}, running_mean, running_var)

    def call(self, x, gamma, beta, bn_param, running_mean, running_var):
        bn_param["running_mean"] = running_mean.copy()
        bn_param["running_var"] = running_var.copy()
        out, cache = TARGET[0](x, gamma, beta, bn_param)
        statistics = bn_param["running_mean"], bn_param["running_var"]
        return out, *statistics, lambda dy: TARGET[1](dy, cache)


IMPLEMENTATION = CourseFunctions()
'''

TORCH = '''
def tensor(a, dtype):
    """The array's own memory as a tensor; negative strides, which torch has not, are copied."""
    if {copied} or any(stride < 0 for stride in a.strides):
        a = np.array(a, order="C")
    return torch.from_numpy(a).to(dtype)


def numbers(t):
    """A tensor as an array; NumPy has no bfloat16 of its own."""
    t = t.detach()
    return np.array((t.float() if t.dtype == torch.bfloat16 else t).numpy())


class Layer:
    """A module of the target, in the parameters' dtype."""

    names = {{"gamma": "weight", "beta": "bias", "batches_seen": "num_batches_tracked"}}

    def __init__(self, channels, *, momentum, eps, dtype=None):
        if isinstance(TARGET, type):
            self.module = TARGET(channels{settings})
        else:
            self.module = copy.deepcopy(TARGET).requires_grad_()
        self.module = self.module.to({parameters})

    def train(self, x):
        return self.call(self.module.train(), x)

    def infer(self, x):
        return self.call(self.module.eval(), x)

    def call(self, module, x):
        x = tensor(x, {data}).requires_grad_()
        y = module(x)
        inputs = [p for p in (x, getattr(module, "weight", None), module.bias) if p is not None]

        def backward(dy):
            found = torch.autograd.grad(
                y, inputs, tensor(dy, y.dtype), retain_graph=True, allow_unused=True
            )
            pairs = zip(found, inputs)
            made = [numbers(torch.zeros_like(i) if g is None else g) for g, i in pairs]
            return tuple(made + [None] * (3 - len(made)))

        def double(dy, *along):
            dy = tensor(dy, y.dtype).requires_grad_()
            found = torch.autograd.grad(y, inputs, dy, create_graph=True, allow_unused=True)
            along = [tensor(a, p.dtype) for a, p in zip(along, inputs)]
            results, weights = zip(*[(g, v) for g, v in zip(found, along) if g is not None])
            wanted = [dy, *inputs[:2]]
            found = torch.autograd.grad(
                results, wanted, weights, retain_graph=True, allow_unused=True
            )
            made = [numbers(torch.zeros_like(i) if g is None else g) for g, i in zip(found, wanted)]
            return tuple(made + [None] * (3 - len(made)))

        backward.double = double
        return numbers(y), backward

    def state(self):
        names = ("gamma", "beta", "running_mean", "running_var", "batches_seen")
        held = {{n: getattr(self.module, self.names.get(n, n), None) for n in names}}
        return {{n: numbers(t) for n, t in held.items() if t is not None}}

    def load(self, state):
        with torch.no_grad():
            for name, value in state.items():
                held = getattr(self.module, self.names.get(name, name), None)
                if held is not None and value is not None:
                    held.copy_(torch.as_tensor(np.array(value)))


class TorchModule:
    """Functions of the module: each call by a new one, into which the state is loaded."""

    def layer(self, channels, **settings):
        return Layer(channels, **settings)

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps, batches_seen=0):
        layer = Layer(len(running_mean), momentum=momentum, eps=eps)
        statistics = {{"running_mean": running_mean, "running_var": running_var}}
        layer.load({{"gamma": gamma, "beta": beta, **statistics, "batches_seen": batches_seen}})
        y, backward = layer.train(x)
        state = layer.state()
        return y, state.get("running_mean"), state.get("running_var"), backward

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        layer = Layer(len(running_mean), momentum=0.5, eps=eps)
        statistics = {{"running_mean": running_mean, "running_var": running_var}}
        layer.load({{"gamma": gamma, "beta": beta, **statistics}})
        y, backward = layer.infer(x)
        state = layer.state()
        return y, state.get("running_mean"), state.get("running_var"), backward


IMPLEMENTATION = TorchModule()
'''
