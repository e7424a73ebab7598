"""The contract: what an implementation has to look like, and what it may declare about itself.

Nothing is inherited and nothing is imported: any object with ``train``, ``infer`` or ``layer``
will do, and every attribute has a default.  `declaration_of` reads the attributes once, checks
each, and says in one line how to write the one that is wrong.

Double backward is optional.  The ``backward`` that train or infer returns may have an attribute
``double``: ``backward.double(dy, ddx, ddgamma, ddbeta) -> (ddy, dx, dgamma)``, the gradients with
respect to dy, x and gamma of L = <ddx, dx> + <ddgamma, dgamma> + <ddbeta, dbeta>, where dx, dgamma
and dbeta are what backward(dy) returns and depend on dy, x and gamma (in inference the statistics
are constants); that is, ``torch.autograd.grad`` of backward's results.  L does not depend on beta.
ddx is like x, ddgamma and ddbeta are like gamma and beta, and None where those are.  ddy and dx
come back like x, dgamma like gamma; each may be None where it is not offered.  It may be called
again and again, before and after backward and other calls.

What implementation and caller owe each other:

- Arguments belong to the caller.  They may be read-only, strided, expanded (a stride of 0), slices
  of larger arrays, aliases of each other or results of earlier calls (y as dy, or as the next x),
  and stay as they are until the last backward of the call, but for dy, which may be refilled when
  backward has returned; nothing but buffers that are updated ``in_place`` is written to, not for
  a moment either.
- Any number of calls may be open at the same time, and a backward may be given several dy, in any
  order.  Statistics that a call returned may be given to the next call as they are.
- Results belong to the caller, y as well: it may change them or drop them at once, and every
  later call, backward included, gives what it would have given.  A result that shares memory with
  an argument changes with it.
- A gradient that is zero is an array of zeros.  None stands for a result that is not offered, in
  any case at all.
- NaN and infinity in x, dy, gamma, beta or a statistic stay in their channel; in inference what is
  in x or dy stays in its element of y and dx.
- A call that the contract lets raise leaves statistics as they were, and the next call is as right
  as any.
- Two instances may be used at the same time, in two threads.  One instance is called by one
  thread at a time.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from bnproof.engine.contract.choices import (
    ACTIVATIONS,
    AFFINE,
    AVERAGING,
    CLASSES,
    FIXABLE,
    AccuracyClass,
    ActivationName,
    AffineParameters,
    Averaging,
    EmptyBatch,
    Fixable,
    KeepsStrides,
    LayerOption,
    Setting,
    SingleValue,
    Variance,
    Weighed,
)
from bnproof.engine.contract.signatures import layer_options
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import METHODS, MODES, Method

RANKS = (2, 3, 4, 5)
PARAMETER_DTYPES = {"float16": "float32", "bfloat16": "float32"}
"""The dtype of the parameters for x of 16 bits, unless another is declared."""

FOUND = ("methods", "layer_options", "made_of_layers", "demands", "name", "version")


class ContractError(Exception):
    """The target is not of the contract: the message says which member, and how to write it."""


@dataclass(frozen=True)
class Declaration:
    """What an implementation says of itself, with the contract's defaults.

    Attributes:
        dtypes: of x: float16, bfloat16, float32, float64.
        parameter_dtypes: dtype of gamma, beta and statistics for a dtype of x, as
            {"float16": "float16"} for a module wholly in half precision.
        ranks: of x, 2 to 5.
        channel_axis: 1 or -1.
        momentum_weighs: "new" (PyTorch) or "old" (Keras, Flax, ONNX), the term that momentum
            multiplies.
        running_variance: "unbiased" or "biased"; or a dict by rank.
        normalising_variance: the variance in y = gamma (x - mean) / sqrt(variance + eps) + beta of
            training: "biased" (mean of the squared deviations, as the paper defines it) or
            "unbiased" (N / (N - 1) times that).  Inference normalises by the running variance
            either way.
        single_value: training with one value per channel: "error" (raised before statistics
            change), "beta" (y is beta, dx is 0), or "undefined" (never called, and said so).  The
            unbiased variance of one value is 0 / 0: "beta" needs normalising_variance = "biased".
        empty: training with no value: "error", "empty" (an empty y, statistics unchanged), or
            "undefined".
        accuracy: weakest accuracy class accepted; or a dict by dtype.
        affine_parameters: "required": gamma and beta are always given; "optional": both or one of
            them may be None; "gamma only": beta is always None (a layer with weight and no bias);
            "beta only": gamma is always None; "none": both always are.  A missing gamma means 1,
            a missing beta 0; backward returns None for the gradient of a missing parameter,
            and results take the dtype of the statistics.
        deterministic: the same call gives the same bits.
        flush_to_zero: subnormal inputs, settings, intermediates and results may become 0.
        cumulative: takes momentum=None with batches_seen=t, whose weight is 1 / (t + 1).
        accepts: ranges of settings, as {"eps": (1e-12, 1.0), "momentum": (0.0, 0.99)}.  Where no
            range of eps is declared, eps = 0 may be refused by an exception; a result has to be
            right.
        fixed: what cannot be varied, as {"eps": 1e-5, "momentum": 0.1, "channels": 64,
            "shape": (8, 64, 7, 7)}.
        in_place: running statistics are updated in the given buffers.
        keeps_strides: True, "positive" (negative strides are copied), or False (all are).  Such
            arrays are given all the same: they may be refused by an exception, never misread.
        replays: backward replays forward, so that no calls are made between the two.
        activation: what is applied to y in training and inference: "none", "relu", "leaky_relu",
            "relu6", "elu", "sigmoid", "tanh", "softplus", "silu", "gelu" (by the error function),
            "gelu_tanh", "mish" or "hardswish".  y and all gradients are those of the whole; on a
            kink either slope will do, and above 20 softplus may leave its argument as it is.
        activation_slope: of leaky_relu, where its argument is negative.
        residual: takes ``residual=`` in every call, an array like x that is added to y before the
            activation; backward then returns (dx, dgamma, dbeta, dresidual).
        mask: takes ``mask=`` in training calls: bool, (N, *spatial), True where a value counts, or
            None for all.  Only those values are normalized together, get gradients and need a y;
            dy is 0 elsewhere, and so is dx.  A layer is given neither, and not tested beside them.
        virtual_batch: samples that training normalizes together (ghost batches), None for all.  A
            batch has at most so many samples, or a multiple of so many.
        virtual_batch_averages: how virtual batches move the running statistics: "in turn" (each is
            a step) or "together" (the mean of their statistics is one).
        compiles_per_shape: the first call with each shape is far slower than the next ones (JAX,
            Keras, XLA): cases come in a stock of about a dozen shapes per rank.
        differs: what a torch module does otherwise than torch's own on purpose, as
            ("initial-values", "state-dict"): the second parts of the ids of properties module/*,
            which are then not tested.
        name, version: for reports; by default the class's name.
        methods: those of train, infer and layer that the object has; found, not declared.
        layer_options: those of dtype and rank that layer takes; found, not declared.  Without
            dtype, layers are tried with the first dtype only.  Without rank, they are tried with
            the first rank, and one layer is given batches of the others as well: it may refuse
            them, but not misread them.
        made_of_layers: train and infer make a layer for each call and load it, so that all cases go
            through layers as they are; found, not declared.
        demands: of a torch module, what can be tried on it, each with the reason if it cannot;
            found, not declared.
    """

    dtypes: tuple[str, ...] = ("float32",)
    parameter_dtypes: Mapping[str, str] = field(default_factory=lambda: dict(PARAMETER_DTYPES))
    ranks: tuple[int, ...] = (2, 4)
    channel_axis: int = 1
    momentum_weighs: Weighed = "new"
    running_variance: Variance | Mapping[int, Variance] = "unbiased"
    normalising_variance: Variance = "biased"
    single_value: SingleValue = "error"
    empty: EmptyBatch = "error"
    accuracy: AccuracyClass | Mapping[str, AccuracyClass] = "streaming"
    affine_parameters: AffineParameters = "required"
    deterministic: bool = True
    flush_to_zero: bool = False
    cumulative: bool = False
    accepts: Mapping[Setting, tuple[float, float]] = field(default_factory=dict)
    fixed: Mapping[Fixable, Any] = field(default_factory=dict)
    in_place: bool = False
    keeps_strides: KeepsStrides = True
    replays: bool = False
    activation: ActivationName = "none"
    activation_slope: float = 0.01
    residual: bool = False
    mask: bool = False
    virtual_batch: int | None = None
    virtual_batch_averages: Averaging = "in turn"
    compiles_per_shape: bool = False
    differs: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    methods: tuple[Method, ...] = MODES
    layer_options: tuple[LayerOption, ...] = ()
    made_of_layers: bool = False
    demands: Mapping[Demand, str] = field(default_factory=dict)

    def parameter_dtype(self, dtype: str) -> str:
        """The dtype of gamma, beta and the statistics for an x dtype.

        >>> Declaration().parameter_dtype("float16")
        'float32'
        """
        return self.parameter_dtypes.get(dtype, dtype)

    def accuracy_for(self, dtype: str) -> AccuracyClass:
        """The weakest accuracy class accepted for an x dtype.

        >>> Declaration(accuracy={"float16": "one-pass"}).accuracy_for("float32")
        'streaming'
        """
        if isinstance(self.accuracy, str):
            return self.accuracy
        return self.accuracy.get(dtype, "streaming")

    def unbiased(self, rank: int) -> bool:
        """Whether the running variance of x of this rank is the unbiased one.

        >>> Declaration(running_variance={2: "biased", 4: "unbiased"}).unbiased(2)
        False
        """
        if isinstance(self.running_variance, str):
            return self.running_variance == "unbiased"
        return self.running_variance.get(rank, "unbiased") == "unbiased"

    @property
    def normalises_unbiased(self) -> bool:
        """Whether training normalises by the unbiased variance.

        >>> Declaration(normalising_variance="unbiased").normalises_unbiased
        True
        """
        return self.normalising_variance == "unbiased"

    @property
    def is_plain(self) -> bool:
        """Whether y is gamma xhat + beta, with the statistics of the whole batch.

        >>> Declaration(activation="relu").is_plain
        False
        """
        whole = self.virtual_batch is None and not self.residual
        return self.activation == "none" and whole

    def has(self, method: Method) -> bool:
        """Whether the implementation has a method.

        >>> Declaration().has("layer")
        False
        """
        return method in self.methods

    def fixes(self, *names: Fixable) -> bool:
        """Whether there is only one value of a setting or a size, of any of those named.

        >>> Declaration(fixed={"eps": 0.5}).fixes("eps")
        True
        """
        return any(name in self.fixed for name in names)

    @property
    def has_gamma(self) -> bool:
        """Whether gamma can be given.

        >>> Declaration(affine_parameters="beta only").has_gamma
        False
        """
        return self.affine_parameters not in ("beta only", "none")

    @property
    def has_beta(self) -> bool:
        """Whether beta can be given.

        >>> Declaration(affine_parameters="gamma only").has_beta
        False
        """
        return self.affine_parameters not in ("gamma only", "none")

    def weight(self, momentum: float) -> float:
        """The weight of the new value that a momentum stands for, rounded once.

        >>> Declaration(momentum_weighs="old").weight(0.75)
        0.25
        """
        return 1.0 - momentum if self.momentum_weighs == "old" else momentum

    def allows(self, setting: Setting, value: float) -> bool:
        """Whether a value of eps or momentum is within what the implementation accepts.

        >>> Declaration(accepts={"eps": (1e-12, 1.0)}).allows("eps", 0.0)
        False
        """
        if setting in self.fixed:
            return bool(value == self.fixed[setting])
        low, high = self.accepts.get(setting, (-float("inf"), float("inf")))
        return low <= value <= high


ATTRIBUTES = tuple(a.name for a in fields(Declaration) if a.name not in FOUND)
"""What an implementation may declare, beside its name and version."""


def declaration_of(implementation: object) -> Declaration:
    """Read and check what an implementation declares.

    Raises ContractError, with all that is wrong in one line, if it is not of the contract.

    >>> class Mine:
    ...     momentum_weighs = "old"
    ...     def infer(self, x, gamma, beta, running_mean, running_var, *, eps): ...
    >>> declaration_of(Mine()).momentum_weighs
    'old'
    """
    methods = tuple(m for m in METHODS if getattr(implementation, m, None) is not None)
    _check_methods(implementation, methods)
    given: dict[str, Any] = {"methods": methods}
    wrong: list[ContractError] = []
    for name in ATTRIBUTES:
        value = getattr(implementation, name, None)
        if value is not None:
            try:
                given[name] = _read(name, value)
            except ContractError as error:
                wrong.append(error)
    wrong += _conflicts(given)
    if wrong:
        raise ContractError("; ".join(map(str, wrong)))
    given["name"] = str(getattr(implementation, "name", None) or _name_of(implementation))
    given["version"] = str(getattr(implementation, "version", None) or "")
    given["made_of_layers"] = getattr(implementation, "made_of_layers", False) is True
    given["demands"] = dict(getattr(implementation, "module_demands", None) or {})
    if "layer" in methods:
        given["layer_options"] = layer_options(implementation.layer)  # type: ignore[attr-defined]  # checked above
    return _of_layers(Declaration(**given))


def attributes_of(implementation: object) -> tuple[str, ...]:
    """Names of the attributes of the contract that an implementation has, defaults left out.

    >>> class Mine:
    ...     momentum_weighs = "old"
    >>> attributes_of(Mine())
    ('momentum_weighs',)
    """
    names = (attribute.name for attribute in fields(Declaration) if attribute.name not in FOUND)
    return tuple(name for name in names if getattr(implementation, name, None) is not None)


def _of_layers(declaration: Declaration) -> Declaration:
    """With layers alone, only the dtype and the rank that layers can be made with are tried."""
    if declaration.methods != ("layer",):
        return declaration
    dtypes, ranks = declaration.dtypes, declaration.ranks
    return replace(
        declaration,
        dtypes=dtypes if "dtype" in declaration.layer_options else dtypes[:1],
        ranks=ranks if "rank" in declaration.layer_options else ranks[:1],
    )


def _conflicts(given: Mapping[str, Any]) -> list[ContractError]:
    """Attributes that exclude each other."""
    if given.get("mask") and given.get("virtual_batch") is not None:
        return [ContractError("mask and virtual_batch exclude each other; declare one of them")]
    extra = [name for name in ("residual", "mask") if given.get(name)]
    if extra and "train" not in given["methods"]:
        return [ContractError(f"{extra[0]} = True needs train, which takes {extra[0]}=")]
    unbiased = given.get("normalising_variance") == "unbiased"
    if unbiased and given.get("single_value") == "beta":
        return [
            ContractError(
                'single_value = "beta" contradicts normalising_variance = "unbiased", since the '
                'unbiased variance of one value is 0 / 0; write single_value = "error" or '
                '"undefined"'
            )
        ]
    return []


def _name_of(implementation: object) -> str:
    named = implementation if isinstance(implementation, type) else type(implementation)
    return named.__name__


def _check_methods(implementation: object, methods: tuple[str, ...]) -> None:
    if not methods:
        raise ContractError(
            f"{_name_of(implementation)} has none of train, infer and layer; write "
            "def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps) -> "
            "(y, running_mean, running_var, backward)"
        )
    for method in methods:
        if not callable(getattr(implementation, method)):
            kind = type(getattr(implementation, method)).__name__
            raise ContractError(f"{method} is a {kind}; it has to be a method")


def accepted(name: str, value: Any) -> Any:
    """Return a value of an attribute in the form that Declaration holds it in, None if it is wrong.

    >>> accepted("ranks", [2, 4]), accepted("momentum_weighs", "both")
    ((2, 4), None)
    """
    check, _ = _CHECKS[name]
    try:
        return check(value)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None


def expected(name: str) -> str:
    """Say in words which values an attribute accepts.

    >>> expected("channel_axis")
    '1 or -1'
    """
    return _CHECKS[name][1]


def _read(name: str, value: Any) -> Any:
    read = accepted(name, value)
    if read is None:
        raise ContractError(f"{name} = {value!r} is not of the contract; write {expected(name)}")
    return read


def _one_of(*choices: Any) -> Callable[[Any], Any]:
    return lambda value: next((c for c in choices if type(c) is type(value) and c == value), None)


def _dtypes(value: Any) -> tuple[str, ...] | None:
    names = (value,) if isinstance(value, str) else tuple(value)
    return names if names and all(name in FORMATS for name in names) else None


def _parameter_dtypes(value: Any) -> dict[str, str] | None:
    read = dict(value)
    known = all(k in FORMATS and v in FORMATS for k, v in read.items())
    return {**PARAMETER_DTYPES, **read} if known else None


def _ranks(value: Any) -> tuple[int, ...] | None:
    read = (value,) if isinstance(value, int) else tuple(value)
    return tuple(map(int, read)) if read and all(rank in RANKS for rank in read) else None


def _running_variance(value: Any) -> str | dict[int, str] | None:
    kinds = ("biased", "unbiased")
    if isinstance(value, str):
        return value if value in kinds else None
    read = dict(value)
    return read if all(k in RANKS and v in kinds for k, v in read.items()) else None


def _accuracy(value: Any) -> str | dict[str, str] | None:
    if isinstance(value, str):
        return value if value in CLASSES else None
    read = dict(value)
    return read if all(k in FORMATS and v in CLASSES for k, v in read.items()) else None


def _accepts(value: Any) -> dict[str, tuple[float, float]] | None:
    read = {k: (float(low), float(high)) for k, (low, high) in dict(value).items()}
    well_formed = all(
        k in ("eps", "momentum") and v[0] <= v[1] and v[0] < math.inf for k, v in read.items()
    )
    return read if well_formed else None


def _slope(value: Any) -> float | None:
    return float(value) if not isinstance(value, bool) and math.isfinite(float(value)) else None


def _samples(value: Any) -> int | None:
    whole = not isinstance(value, bool) and int(value) == value
    return int(value) if whole and value >= 2 else None


def _fixed(value: Any) -> dict[str, Any] | None:
    read = {k: v for k, v in dict(value).items() if v is not None}
    if "shape" in read:
        read["shape"] = tuple(int(side) for side in read["shape"])
    if "channels" in read:
        read["channels"] = int(read["channels"])
    for setting in ("eps", "momentum"):
        if setting in read:
            read[setting] = float(read[setting])
    return read if all(name in FIXABLE for name in read) and _can_be(read) else None


def _can_be(fixed: Mapping[str, Any]) -> bool:
    """Whether there is such a shape, with as many channels as are fixed beside it, and so on."""
    shape, channels = fixed.get("shape"), fixed.get("channels", 1)
    if shape is not None:
        sides = len(shape) in RANKS and min(shape) >= 1
        if not sides or ("channels" in fixed and channels not in (shape[1], shape[-1])):
            return False
    numbers = [fixed[name] for name in ("eps", "momentum") if name in fixed]
    return bool(channels >= 1 and all(map(math.isfinite, numbers)) and fixed.get("eps", 0) >= 0)


def _differs(value: Any) -> tuple[str, ...] | None:
    names = (value,) if isinstance(value, str) else tuple(value)
    known = tuple(Demand)
    return names if all(name in known for name in names) else None


_FLAG = (_one_of(True, False), "True or False")
_CHECKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "dtypes": (_dtypes, 'some of "float32", "float64", "float16", "bfloat16" as a tuple'),
    "parameter_dtypes": (_parameter_dtypes, 'a dict such as {"float16": "float16"}'),
    "ranks": (_ranks, "some of 2, 3, 4, 5 as a tuple"),
    "channel_axis": (_one_of(1, -1), "1 or -1"),
    "momentum_weighs": (_one_of("new", "old"), '"new" (PyTorch) or "old" (Keras, Flax, ONNX)'),
    "running_variance": (
        _running_variance,
        '"unbiased" or "biased", or a dict by rank such as {2: "biased", 4: "unbiased"}',
    ),
    "normalising_variance": (
        _one_of("biased", "unbiased"),
        '"biased" (the definition) or "unbiased"',
    ),
    "single_value": (_one_of("error", "beta", "undefined"), '"error", "beta" or "undefined"'),
    "empty": (_one_of("error", "empty", "undefined"), '"error", "empty" or "undefined"'),
    "accuracy": (_accuracy, f"one of {', '.join(map(repr, CLASSES))}, or a dict by dtype"),
    "affine_parameters": (_one_of(*AFFINE), f"one of {', '.join(map(repr, AFFINE))}"),
    "deterministic": _FLAG,
    "flush_to_zero": _FLAG,
    "cumulative": _FLAG,
    "accepts": (_accepts, 'ranges such as {"eps": (1e-12, 1.0), "momentum": (0.0, 0.99)}'),
    "fixed": (
        _fixed,
        'some of {"eps": 1e-5, "momentum": 0.1, "channels": 64, "shape": (8, 64, 7, 7)}',
    ),
    "in_place": _FLAG,
    "keeps_strides": (_one_of(True, False, "positive"), 'True, "positive" or False'),
    "replays": _FLAG,
    "activation": (_one_of(*ACTIVATIONS), f"one of {', '.join(map(repr, ACTIVATIONS))}"),
    "activation_slope": (_slope, "a finite number such as 0.01"),
    "residual": _FLAG,
    "mask": _FLAG,
    "virtual_batch": (_samples, "a number of samples, at least 2, such as 16"),
    "virtual_batch_averages": (_one_of(*AVERAGING), '"in turn" or "together"'),
    "compiles_per_shape": _FLAG,
    "differs": (_differs, f"some of {', '.join(Demand)} as a tuple"),
}
