"""The same formulas in other algebra: folded, step by step, by differentiation."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.controls.tape import Value, gradient_of
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array


@control("folded-inference", "Inference is scale x + shift.")
class _FoldedInference(Parts):
    """y = scale x + shift in inference."""

    def infer_y(self, call: Call) -> Array:
        scale = call.gamma * call.inv_std
        return np.asarray(scale * call.rows + (call.beta - call.mean * scale))


@control("folded-training", "Training is scale x + shift as well.")
class _FoldedTraining(_FoldedInference):
    """y = scale x + shift in training too."""

    def y(self, call: Call) -> Array:
        return self.infer_y(call)


@control("xhat-again", "xhat is formed again in backward, by other algebra.")
class _XhatAgain(Parts):
    """xhat is formed again in backward, as x inv_std - mean inv_std."""

    def dgamma(self, call: Call, dy: Array) -> Array:
        again = call.rows * call.inv_std - call.mean * call.inv_std
        return np.asarray((dy * again).sum(axis=1, keepdims=True))


@control("scaled-late", "dgamma is scaled after it is summed.")
class _ScaledLate(Parts):
    """dgamma = inv_std sum dy (x - mean); dx from three coefficients per channel."""

    def dgamma(self, call: Call, dy: Array) -> Array:
        products = (dy * (call.rows - call.mean)).sum(axis=1, keepdims=True)
        return np.asarray(products * call.inv_std)

    def dx(self, call: Call, dy: Array) -> Array:
        a = call.gamma * call.inv_std
        b = a * call.inv_std * self.dgamma(call, dy) / call.m
        c = a * self.dbeta(call, dy) / call.m
        return np.asarray(a * dy - b * (call.rows - call.mean) - c)


@control("one-fraction", "dx is one fraction over N.")
class _OneFraction(Parts):
    """dx = gamma inv_std / m (m dy - sum dy - xhat sum dy xhat), as courses write it."""

    def dx(self, call: Call, dy: Array) -> Array:
        terms = call.m * dy - self.dbeta(call, dy) - call.xhat * self.dgamma(call, dy)
        return np.asarray((call.gamma * call.inv_std / call.m) * terms)


@control("step-by-step", "dx goes by way of dvar and dmean.")
class _StepByStep(Parts):
    """dx along the computation graph, with dvar and dmean, as in the paper and in courses."""

    def dx(self, call: Call, dy: Array) -> Array:
        centred = call.rows - call.mean
        dxhat = call.gamma * dy
        cubed = call.inv_std * call.inv_std * call.inv_std
        dvar = (dxhat * centred).sum(axis=1, keepdims=True) * (cubed / -2)
        dmean = -(dxhat * call.inv_std).sum(axis=1, keepdims=True)
        dmean = dmean + dvar * (-2 * centred).mean(axis=1, keepdims=True)
        return np.asarray(dxhat * call.inv_std + dvar * 2 * centred / call.m + dmean / call.m)


@control("differentiated", "Gradients are differentiated in reverse mode.")
class _Differentiated(Parts):
    """Gradients of training by reverse-mode differentiation of the forward pass."""

    def forward(self, call: Call) -> tuple[Value, Value, Value, Value]:
        """Y, and what gradients are asked by."""
        full = np.ones((len(call.rows), 1), call.rows.dtype)
        x = Value(call.rows)
        gamma, beta = Value(call.gamma * full), Value(call.beta * full)
        centred = x - x.mean()
        variance = (centred * centred).mean()
        xhat = centred * variance.inverse_root(call.eps)
        return gamma * xhat + beta, x, gamma, beta

    def dx(self, call: Call, dy: Array) -> Array:
        y, x, _, _ = self.forward(call)
        return gradient_of(y, dy, x)

    def dgamma(self, call: Call, dy: Array) -> Array:
        if not call.training:
            return super().dgamma(call, dy)
        y, _, gamma, _ = self.forward(call)
        return gradient_of(y, dy, gamma)

    def dbeta(self, call: Call, dy: Array) -> Array:
        if not call.training:
            return super().dbeta(call, dy)
        y, _, _, beta = self.forward(call)
        return gradient_of(y, dy, beta)


@control("divided-by-root", "Divides by the standard deviation.")
class _DividedByRoot(Parts):
    """Divided by sqrt(var + eps) instead of multiplied by its inverse."""

    def xhat(self, call: Call) -> Array:
        return np.asarray((call.rows - call.mean) / np.sqrt(call.var + call.eps))


@control("newton-root", "Newton steps make the inverse root.")
class _NewtonRoot(Parts):
    """1 / sqrt(var + eps) from a 16-bit guess and Newton steps in double."""

    dtypes = ("float32", "float16", "bfloat16")

    def inv_std(self, call: Call) -> Array:
        w = call.var.astype(np.float64) + call.eps
        root = (1 / np.sqrt(w)).astype(np.float32).astype(np.float64) * (1 + 2.0**-11)
        for _ in range(2):
            root = root * (1.5 - 0.5 * w * root * root)
        exact = np.isfinite(root) & (root > 0)
        return np.where(exact, root, 1 / np.sqrt(w)).astype(call.rows.dtype)


@control("moved-by-difference", "running += weight (new - running).")
class _MovedByDifference(Parts):
    """running += weight (new - running)."""

    def average(self, call: Call, old: Array, new: Array) -> Array:
        _, weight = self.weights(call)
        if weight == 1:
            return np.asarray(new[:, 0].astype(old.dtype))
        wide = old.astype(new.dtype)
        return np.asarray((wide + weight * (new[:, 0] - wide)).astype(old.dtype))
