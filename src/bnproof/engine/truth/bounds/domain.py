"""Where the bounds hold: no accepted intermediate may leave the range of its format.

It is decided per output.  Statistics need the sums of x and of the squares; y needs the scale and
the folded products; dx needs (var + eps)^(-3/2), which autodiff and the backward of courses form
and which leaves the range long before anything else does.  Inference has no sums of x, and so a
much wider domain.  Outside, an output of a channel is not judged, and counted as such.
"""

from collections.abc import Mapping

import numpy as np

from bnproof.engine.model.formats import Array, Format
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.double_backward import STEPS, widest
from bnproof.engine.truth.bounds.quantities import Quantities


def domain(arithmetic: Arithmetic, q: Quantities) -> Mapping[str, Array]:
    """Which channels of which output are judged, as boolean arrays of shape (C,)."""
    with np.errstate(all="ignore"):
        return _training(arithmetic, q) if not q.inference else _inference(arithmetic, q)


def _below(limit: float, *magnitudes: Array) -> Array:
    largest = np.max([np.broadcast_to(m, magnitudes[0].shape) for m in magnitudes], axis=0)
    return np.asarray(largest <= limit)  # NaN is never judged


def _peak(a: Array) -> Array:
    return np.asarray(a.max(axis=0, initial=0.0))


def _limit(*formats: Format) -> float:
    """Half the range: a bound's worth of rounding stays within it."""
    return min(f.max for f in formats) / 2


def _saved(arithmetic: Arithmetic, q: Quantities) -> Array:
    """Whether statistics stored in 16 bits stay in range, where a class stores them so."""
    fine = np.ones_like(q.mean, bool)
    if arithmetic.saved is None:
        return fine
    limit = _limit(arithmetic.saved)
    scale = q.gamma * q.inv_std
    return _below(limit, q.mean, q.inv_std, scale, *([] if q.inference else [q.bessel * q.var]))


def _scaling(arithmetic: Arithmetic, q: Quantities) -> Array:
    """The scale, the shift, and their products with x."""
    limit = _limit(arithmetic.compute, arithmetic.elements)
    scale = q.gamma * q.inv_std
    reach = _peak(q.reach)
    products = reach * np.maximum(scale, q.inv_std) + q.beta
    return _below(limit, q.inv_std, scale, products, reach, q.w)


def _stored(format_: Format, values: Array) -> Array:
    return _below(format_.max / 2, _peak(values) if values.ndim == 2 else values)


def _gradient_sums(arithmetic: Arithmetic, q: Quantities) -> Array:
    """Sums of dy, dy d, dy x and what they are multiplied by."""
    limit = _limit(arithmetic.compute, arithmetic.elements)
    wide = np.maximum(q.dy_d, q.dy_reach)
    factor = np.maximum(1.0, q.inv_std) * np.maximum(1.0, q.gamma)
    return _below(
        limit / max(1, q.count), wide * factor, q.dy_sum_abs * factor, _peak(q.dy_abs) * factor
    )


def _training(arithmetic: Arithmetic, q: Quantities) -> Mapping[str, Array]:
    limit = _limit(arithmetic.compute)
    sums = [q.x_abs.sum(axis=0), (q.d**2).sum(axis=0) * 1.01]
    if "streaming" in arithmetic.variances:
        sums.append(4 * _peak(q.d) ** 2 * q.count)  # squared differences of partial means
    if "one-pass" in arithmetic.variances:
        sums.append((q.x**2).sum(axis=0))
        sums.append(q.count * (q.var + q.farthest_shift**2))
    statistics = _below(limit, *sums) & _saved(arithmetic, q)
    out = dict.fromkeys(("mean", "var"), statistics)
    out["inv_std"] = statistics & _below(limit, q.inv_std)
    scaling = statistics & _scaling(arithmetic, q)
    out["xhat"] = scaling
    out["y"] = scaling & _stored(arithmetic.storage, q.exact("y"))
    if q.running_mean is not None and q.running_var is not None:
        top = arithmetic.parameters.max / 2
        out["running_mean"] = statistics & _below(top, q.mean, np.abs(q.running_mean))
        spread = q.correction * q.var * max(1, 1 / max(1, q.count))
        out["running_var"] = statistics & _below(top, spread, np.abs(q.running_var))
    if q.dy is not None:
        sums_in_range = _gradient_sums(arithmetic, q)
        gradients = scaling & sums_in_range
        out["dbeta"] = _below(limit, q.dy_sum_abs) & _stored(
            arithmetic.parameters, q.exact("dbeta")
        )
        out["dgamma"] = gradients & _stored(arithmetic.parameters, q.exact("dgamma"))
        out["dx"] = gradients & _chain(arithmetic, q) & _stored(arithmetic.storage, q.exact("dx"))
    return out | _double(arithmetic, q, scaling)


def _double(arithmetic: Arithmetic, q: Quantities, held: Array) -> dict[str, Array]:
    """Double backward: products of all factors, and powers of var + eps up to 5/2 either way.

    Autodiff forms (var + eps)^(-5/2) for dx, and for the others what backward forms.
    """
    if q.at_ddx is None:
        return {}
    form = arithmetic.compute
    limit = _limit(form, arithmetic.elements) / (4 * q.count + STEPS)
    out: dict[str, Array] = {}
    for name in DOUBLE:
        fine = held & _below(limit, widest(q, name))
        if not q.inference:
            power = q.w ** (2.5 if name == DOUBLE[1] else 1.5)
            fine = fine & (power > 2 * form.tiny) & (1 / power > 2 * form.tiny)
        into = arithmetic.storage if name in WHOLE else arithmetic.parameters
        out[name] = fine & _stored(into, q.exact(name))
    return out


def _chain(arithmetic: Arithmetic, q: Quantities) -> Array:
    """(var + eps)^(-3/2), (var + eps)^(3/2) and their products with gamma sum(dy d)."""
    form = arithmetic.compute
    cube = q.inv_std**3
    product = np.maximum(q.gamma, 1.0) * q.dy_d * cube * np.maximum(1.0, _peak(q.reach))
    fine = (cube > 2 * form.tiny) & (q.w**1.5 > 2 * form.tiny) & (q.w**1.5 < form.max / 2)
    return fine & _below(form.max / 2, cube * np.maximum(q.gamma, 1.0), product)


def _inference(arithmetic: Arithmetic, q: Quantities) -> Mapping[str, Array]:
    scaling = _scaling(arithmetic, q) & _saved(arithmetic, q)
    out = {"y": scaling & _stored(arithmetic.storage, q.exact("y")), "xhat": scaling}
    if q.dy is not None:
        limit = _limit(arithmetic.compute)
        out["dbeta"] = _below(limit, q.dy_sum_abs) & _stored(
            arithmetic.parameters, q.exact("dbeta")
        )
        out["dgamma"] = (
            scaling
            & _gradient_sums(arithmetic, q)
            & _stored(arithmetic.parameters, q.exact("dgamma"))
        )
        factor = np.maximum(1.0, q.inv_std) * np.maximum(1.0, q.gamma)
        out["dx"] = (
            _below(_limit(arithmetic.compute, arithmetic.elements), _peak(q.dy_abs) * factor)
            & scaling
            & _stored(arithmetic.storage, q.exact("dx"))
        )
    return out | _double(arithmetic, q, scaling)
