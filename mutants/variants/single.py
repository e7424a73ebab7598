"""One mistake each, of the library's, by another algorithm, in changing conventions and layouts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.mutants.variants.columns import Columns, Walk
from bnproof.mutants.variants.variant import Variant
from bnproof.reference.checks import Array

CONVENTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"running_variance": "unbiased", "momentum_weighs": "old"},
    {"channel_axis": -1},
    {"dtypes": ("float64",), "running_variance": "unbiased"},
)
"""Taken in turns, so that mistakes do not show in the library's dtype and layout alone."""

Replaced = Callable[..., Any]


def variant(id_: str, *causes: str, turn: int, **replaced: Replaced) -> Variant:
    """Columns with some steps replaced; any of the causes may be named."""
    conventions = CONVENTIONS[turn % len(CONVENTIONS)]
    kind = type("Varied", (Columns,), {**conventions, **replaced})
    return Variant(id_, (causes,) if causes else (), kind)


def swapped(self: Columns, old: Array, new: Array, weight: float) -> Array:
    """The weights of old and new interchanged."""
    return new + weight * (old - new)


def biased(self: Columns, var: Array, count: int) -> Array:
    """The convention of the running variance missed, whichever it is."""
    return var if self.running_variance == "unbiased" else var * (count / (count - 1))


def through_constants(self: Columns, walk: Walk, dy: Array) -> Array:
    """Mean and variance taken for constants."""
    return np.asarray(dy * (walk.gamma * walk.root))


def nothing(self: Columns, walk: Walk, dy: Array) -> Array:
    """No gradient."""
    return np.zeros_like(dy)


def whole_tensor(self: Columns, flat: Array) -> tuple[Array, Array]:
    """One mean and one variance for all channels."""
    channels = np.ones(flat.shape[1])
    return flat.mean() * channels, flat.var() * channels


def first_half(self: Columns, flat: Array) -> tuple[Array, Array]:
    """Statistics of the first half of the rows."""
    half = flat[: max(1, len(flat) // 2)]
    return half.mean(axis=0), half.var(axis=0)


def interchanged(self: Columns, walk: Walk, dy: Array) -> tuple[Array, Array]:
    """Gradients of the parameters in the wrong order."""
    dgamma, dbeta = Columns.of_parameters(self, walk, dy)
    return dbeta, dgamma


def scaled(which: int, factor: Callable[[Walk], Any]) -> Replaced:
    """One gradient of a parameter multiplied by something."""

    def of_parameters(self: Columns, walk: Walk, dy: Array) -> tuple[Array, ...]:
        found = list(Columns.of_parameters(self, walk, dy))
        found[which] = found[which] * factor(walk)
        return tuple(found)

    return of_parameters


def times(step: Replaced, factor: Callable[[Walk], Any]) -> Replaced:
    """A part of dx multiplied by something."""
    return lambda self, walk, values: step(self, walk, values) * factor(walk)


BY_VARIANCE, BY_MEAN = Columns.by_variance, Columns.by_mean

MISTAKES: tuple[tuple[str, tuple[str, ...], dict[str, Replaced]], ...] = (
    ("variance-for-root", ("formula/divided-by-variance",), {"root": lambda s, v, e: 1 / (v + e)}),
    ("root-upside-down", ("formula/multiplied-by-std",), {"root": lambda s, v, e: (v + e) ** 0.5}),
    ("centred-only", ("formula/not-scaled",), {"root": lambda s, v, e: np.ones_like(v)}),
    (
        "gamma-forgotten",
        ("formula/no-gamma",),
        {"affine": lambda s, w, b: w.centred * w.root + b},
    ),
    (
        "beta-forgotten",
        ("formula/no-beta",),
        {"affine": lambda s, w, b: w.centred * w.gamma * w.root},
    ),
    (
        "beta-inside",
        ("formula/beta-scaled",),
        {"affine": lambda s, w, b: w.gamma * (w.centred * w.root + b)},
    ),
    (
        "minus-beta",
        ("formula/beta-subtracted",),
        {"affine": lambda s, w, b: w.centred * w.gamma * w.root - b},
    ),
    (
        "one-plus-gamma",
        ("formula/gamma-plus-one",),
        {"affine": lambda s, w, b: w.centred * (1 + w.gamma) * w.root + b},
    ),
    (
        "size-of-gamma",
        ("formula/absolute-gamma",),
        {"affine": lambda s, w, b: w.centred * np.sqrt(w.gamma**2) * w.root + b},
    ),
    (
        "relu-fused",
        ("formula/rectified",),
        {"affine": lambda s, w, b: np.maximum(Columns.affine(s, w, b), 0)},
    ),
    (
        "eps-beside-the-root",
        ("eps/outside-the-root",),
        {"root": lambda s, v, e: 1 / (np.sqrt(v) + e)},
    ),
    ("eps-or-var", ("eps/maximum",), {"root": lambda s, v, e: np.maximum(v, e) ** -0.5}),
    ("eps-of-its-own", ("eps/default",), {"root": lambda s, v, e: (v + 1e-5) ** -0.5}),
    ("eps-twice-over", ("eps/twice",), {"root": lambda s, v, e: (v + 2 * e) ** -0.5}),
    ("eps-squared-first", ("eps/squared",), {"root": lambda s, v, e: (v + e * e) ** -0.5}),
    ("eps-as-a-share", ("eps/relative",), {"root": lambda s, v, e: (v + e * v) ** -0.5}),
    (
        "eps-forgotten-in-evaluation",
        ("eps/none-in-inference",),
        {"root_of_inference": lambda s, v, e: v**-0.5},
    ),
    ("one-mean-for-all", ("axes/whole-tensor",), {"moments": whole_tensor}),
    ("half-the-rows", ("axes/first-half",), {"moments": first_half}),
    (
        "statistics-as-constants",
        ("backward/direct-term-only",),
        {"through_statistics": through_constants},
    ),
    ("variance-as-constant", ("backward/no-variance-term",), {"by_variance": nothing}),
    ("mean-as-constant", ("backward/no-mean-term",), {"by_mean": nothing}),
    (
        "two-forgotten",
        ("backward/variance-term-halved",),
        {"by_variance": times(BY_VARIANCE, lambda w: 0.5)},
    ),
    (
        "half-forgotten",
        ("backward/variance-term-doubled",),
        {"by_variance": times(BY_VARIANCE, lambda w: 2)},
    ),
    (
        "sign-of-variance",
        ("backward/variance-term-added",),
        {"by_variance": times(BY_VARIANCE, lambda w: -1)},
    ),
    ("sign-of-mean", ("backward/mean-term-added",), {"by_mean": times(BY_MEAN, lambda w: -1)}),
    (
        "variance-of-bessel",
        ("backward/variance-term-n-minus-1",),
        {"by_variance": times(BY_VARIANCE, lambda w: w.count / (w.count - 1))},
    ),
    (
        "gamma-not-carried-back",
        ("backward/no-gamma",),
        {"through_statistics": lambda s, w, dy: Columns.through_statistics(s, w, dy / w.gamma)},
    ),
    (
        "gamma-carried-back-twice",
        ("backward/gamma-twice",),
        {"through_statistics": lambda s, w, dy: Columns.through_statistics(s, w, dy * w.gamma)},
    ),
    (
        "dbeta-as-mean",
        ("parameter-gradients/dbeta-mean",),
        {"of_parameters": scaled(1, lambda w: 1 / w.count)},
    ),
    (
        "dgamma-as-mean",
        ("parameter-gradients/dgamma-mean",),
        {"of_parameters": scaled(0, lambda w: 1 / w.count)},
    ),
    (
        "dgamma-of-centred",
        ("parameter-gradients/dgamma-unscaled",),
        {"of_parameters": scaled(0, lambda w: 1 / w.root)},
    ),
    (
        "dgamma-minus",
        ("parameter-gradients/dgamma-negated",),
        {"of_parameters": scaled(0, lambda w: -1)},
    ),
    (
        "dbeta-with-gamma",
        ("parameter-gradients/dbeta-times-gamma",),
        {"of_parameters": scaled(1, lambda w: w.gamma)},
    ),
    (
        "gradients-interchanged",
        ("parameter-gradients/dgamma-and-dbeta-swapped",),
        {"of_parameters": interchanged},
    ),
    (
        "evaluation-as-training",
        ("inference-gradients/training-gradient-in-inference",),
        {"straight": lambda s, w, dy: s.through_statistics(w, dy)},
    ),
    (
        "evaluation-without-gradient",
        ("inference-gradients/no-gradient-in-inference",),
        {"straight": nothing},
    ),
    (
        "evaluation-without-gamma",
        ("inference-gradients/gradient-without-gamma-in-inference",),
        {"straight": lambda s, w, dy: dy * w.root},
    ),
    ("weights-interchanged", ("running/momentum-swapped",), {"moved": swapped}),
    ("averages-stand-still", ("running/never-updated",), {"moved": lambda s, o, n, w: o}),
    ("averages-replaced", ("running/last-batch",), {"moved": lambda s, o, n, w: n}),
    ("averages-add-up", ("running/not-decayed",), {"moved": lambda s, o, n, w: o + w * n}),
    (
        "averages-move-away",
        ("running/away-from-the-batch",),
        {"moved": lambda s, o, n, w: o - w * (n - o)},
    ),
    (
        "weight-squared",
        ("running/momentum-squared",),
        {"moved": lambda s, o, n, w: o + w * w * (n - o)},
    ),
    (
        "weight-of-its-own",
        ("running/default-momentum",),
        {"moved": lambda s, o, n, w: o + 0.1 * (n - o)},
    ),
    (
        "other-variance-averaged",
        ("running-values/biased-for-unbiased", "running-values/unbiased-for-biased"),
        {"averaged_var": biased},
    ),
    (
        "deviation-averaged",
        ("running-values/standard-deviation",),
        {"averaged_var": lambda s, v, m: np.sqrt(Columns.averaged_var(s, v, m))},
    ),
    ("sum-averaged", ("running-values/sum-for-mean",), {"averaged_mean": lambda s, a, m: a * m}),
    (
        "one-variance-averaged",
        ("running-values/shared-by-the-channels",),
        {"averaged_var": lambda s, v, m: np.full_like(v, Columns.averaged_var(s, v, m).mean())},
    ),
    (
        "evaluation-by-the-batch",
        ("mode/batch-statistics-in-inference",),
        {"used": lambda s, c, a, v: s.moments(c)},
    ),
    (
        "evaluation-with-variance-of-the-batch",
        ("mode/batch-variance-in-inference",),
        {"used": lambda s, c, a, v: (a, s.moments(c)[1])},
    ),
)

VARIANTS = tuple(
    variant(name, *causes, turn=turn, **replaced)
    for turn, (name, causes, replaced) in enumerate(MISTAKES)
)
