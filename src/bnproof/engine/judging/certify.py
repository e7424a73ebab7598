"""One call for people who only want a number inside their own tests: error/bound by class."""

from fractions import Fraction

import numpy as np

from bnproof.engine.judging.record import Judged
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import FORMATS, Array, format_of
from bnproof.engine.truth.bounds import ladder
from bnproof.engine.truth.expected import Settings, make_subject
from bnproof.engine.truth.oracle import error

RESULTS = ("y", "dx", "dgamma", "dbeta", "mean", "inv_std", "new_running_mean", "new_running_var")


def certify(
    *,
    x: Array,
    eps: float,
    gamma: Array | None = None,
    beta: Array | None = None,
    dy: Array | None = None,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    momentum: float = 0.1,
    momentum_weighs: str = "new",
    running_variance: str = "unbiased",
    normalising_variance: str = "biased",
    inference: bool = False,
    channel_axis: int = 1,
    flush_to_zero: bool = False,
    y: Array | None = None,
    dx: Array | None = None,
    dgamma: Array | None = None,
    dbeta: Array | None = None,
    mean: Array | None = None,
    inv_std: Array | None = None,
    new_running_mean: Array | None = None,
    new_running_var: Array | None = None,
) -> dict[str, dict[str, float]]:
    """error/bound of any subset of the outputs of one call, by accuracy class, strongest first.

    The inputs are x (N, C, *spatial), or (N, *spatial, C) with channel_axis -1, dy like x, and
    gamma, beta and the running statistics before the call, (C,).  The outputs to certify are y,
    dx, dgamma, dbeta, the saved mean and inv_std, and the running statistics after the call.
    ``normalising_variance`` is the variance that training normalises by, "biased" or "unbiased".  A
    ratio of at most 1 means that the class explains the output; 0 also stands for what has no
    bound, infinity for NaN.

    Raises ValueError where an output needs an input that is not given, has the wrong shape, or x
    is none of the four dtypes.

    >>> x = np.array([[1.0], [3.0]], np.float32)
    >>> ratios = certify(x=x, eps=3.0, y=np.array([[-0.5], [0.5]], np.float32))
    >>> ratios["two-pass"]
    {'y': 0.0}
    """
    given = {"y": y, "dx": dx, "dgamma": dgamma, "dbeta": dbeta, "mean": mean, "inv_std": inv_std}
    given |= {"new_running_mean": new_running_mean, "new_running_var": new_running_var}
    if x.dtype.name not in FORMATS or x.ndim < 2:
        raise ValueError(
            f"x is {x.dtype} of rank {x.ndim}; due is one of {', '.join(FORMATS)}, rank >= 2"
        )
    if dy is None and any(given[n] is not None for n in ("dx", "dgamma", "dbeta")):
        raise ValueError("dy is not given; dx, dgamma and dbeta cannot be certified without it")
    if running_mean is None and (inference or new_running_mean is not None):
        raise ValueError("running_mean is not given; inference and the averages need it")
    if running_var is None and (inference or new_running_var is not None):
        raise ValueError("running_var is not given; inference and the averages need it")

    def canonical(a: Array) -> Array:
        return np.moveaxis(a, -1, 1) if channel_axis == -1 and a.ndim > 1 else a

    channels = x.shape[channel_axis]
    parameters = next((a for a in (gamma, beta, running_mean) if a is not None), None)
    wide = format_of(x.dtype).compute if parameters is None else format_of(parameters.dtype)
    case = Case(
        name="certified",
        x=canonical(x),
        dy=canonical(x if dy is None else dy),
        gamma=gamma,
        beta=beta,
        running_mean=np.zeros(channels, wide.dtype) if running_mean is None else running_mean,
        running_var=np.ones(channels, wide.dtype) if running_var is None else running_var,
        eps=eps,
        momentum=momentum,
    )
    kept = Fraction(momentum) if momentum_weighs == "old" else 1 - Fraction(momentum)
    settings = Settings(eps, kept, 1 - kept)
    unbiased = running_variance == "unbiased"
    subject = make_subject(
        case,
        settings,
        inference=inference,
        unbiased=unbiased,
        normalises_unbiased=normalising_variance == "unbiased",
    )
    ratios: dict[str, dict[str, float]] = {}
    for name, arithmetic in ladder(format_of(x.dtype), wide, flush_to_zero=flush_to_zero).items():
        ratios[name] = {}
        for output, value in given.items():
            if value is None:
                continue
            key = output.removeprefix("new_")
            truth = subject.quantities.truth.values[key]
            got = columns(canonical(value)) if output in ("y", "dx") else value
            if got.shape != truth[0].shape:
                raise ValueError(
                    f"{output} has shape {value.shape}, which does not fit x, {x.shape}"
                )
            bound = subject.bound(arithmetic, key)
            judged = Judged(output, got, truth, error(got, truth), bound)
            ratios[name][output] = judged.worst
    return ratios
