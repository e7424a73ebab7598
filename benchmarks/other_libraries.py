"""Right implementations of other libraries, as objects of the contract.

They are imported only by `benchmarks/false_alarms.py`; each needs its library.
"""

from typing import Any

import numpy as np


class _Declared:
    """What both libraries have in common."""

    dtypes = ("float32",)
    running_variance = "biased"
    single_value = "beta"
    empty = "undefined"
    accuracy = "streaming"


class OnnxRuntime(_Declared):
    """The operator BatchNormalization, opset 15, run by onnxruntime; without gradients.

    Momentum and eps are attributes of the graph, so that a session is made for each pair, and
    stored in float32 there.
    """

    momentum_weighs = "old"
    name = "onnxruntime"

    def train(
        self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, momentum: float, eps: float
    ) -> Any:
        """Training mode of the operator."""
        y, averaged_mean, averaged_var = _run(x, gamma, beta, mean, var, eps, momentum)
        return y, averaged_mean, averaged_var, None

    def infer(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float) -> Any:
        """Inference mode of the operator."""
        (y,) = _run(x, gamma, beta, mean, var, eps, None)
        return y, mean, var, None


def _run(
    x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: float, momentum: float | None
) -> Any:
    import onnx  # noqa: PLC0415  # an optional library
    import onnxruntime  # noqa: PLC0415  # likewise

    kind = onnx.helper.np_dtype_to_tensor_dtype(x.dtype)
    names = ["X", "scale", "B", "mean", "var"]
    results = ["Y"] if momentum is None else ["Y", "running_mean", "running_var"]
    modes = {} if momentum is None else {"training_mode": 1, "momentum": momentum}
    node = onnx.helper.make_node("BatchNormalization", names, results, epsilon=eps, **modes)
    made = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node], "norm", [made(n, kind, None) for n in names], [made(n, kind, None) for n in results]
    )
    opsets = [onnx.helper.make_opsetid("", 15)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = zip(names, (x, gamma, beta, mean, var), strict=True)
    return session.run(None, {name: np.ascontiguousarray(value) for name, value in given})


class Jax(_Declared):
    """Training and inference in jax.numpy as textbooks write them, gradients by jax.vjp."""

    name = "jax"

    def train(
        self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, momentum: float, eps: float
    ) -> Any:
        """By jnp.mean and jnp.var."""
        import jax  # noqa: PLC0415  # an optional library
        from jax import numpy as jnp  # noqa: PLC0415  # likewise

        axes = (0, *range(2, x.ndim))

        def forward(x: Any, gamma: Any, beta: Any) -> Any:
            mu, spread = x.mean(axes), x.var(axes)
            return _normalized(x, gamma, beta, mu, spread, eps), (mu, spread)

        y, pull, (mu, spread) = jax.vjp(forward, *map(jnp.array, (x, gamma, beta)), has_aux=True)
        averaged = [
            (1 - momentum) * old + momentum * new for old, new in ((mean, mu), (var, spread))
        ]
        return (
            np.array(y),
            *map(np.array, averaged),
            lambda dy: tuple(map(np.array, pull(jnp.array(dy)))),
        )

    def infer(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float) -> Any:
        """With the running statistics."""
        import jax  # noqa: PLC0415  # an optional library
        from jax import numpy as jnp  # noqa: PLC0415  # likewise

        y, pull = jax.vjp(
            lambda x, gamma, beta: _normalized(x, gamma, beta, mean, var, eps),
            *map(jnp.array, (x, gamma, beta)),
        )
        return np.array(y), mean, var, lambda dy: tuple(map(np.array, pull(jnp.array(dy))))


def _normalized(x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: float) -> Any:
    from jax import numpy as jnp  # noqa: PLC0415  # an optional library

    sides = (1, -1) + (1,) * (x.ndim - 2)
    scale = gamma / jnp.sqrt(var + eps)
    return (x - jnp.reshape(mean, sides)) * jnp.reshape(scale, sides) + jnp.reshape(beta, sides)
