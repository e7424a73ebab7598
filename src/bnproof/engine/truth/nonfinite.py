"""What becomes of NaN and infinity: for each element of each result, the kinds it may have.

A result is a number, NaN, +inf or -inf.  Where IEEE arithmetic gives the same kind whatever the
order of operations, that kind is demanded; where right algorithms differ, each of theirs is
allowed.  `EFFECTS` is the whole table: for one argument that is NaN or infinite in a channel, the
results of that channel that are not what they would be otherwise.  A result that the table does
not name does not depend on the argument, and is the number that it always is.  Channels are
independent (theorem "channel-independence"), so nothing else is touched.

**Inference**, y = gamma (x - m) r + beta with r = 1 / sqrt(v + eps), dx = gamma r dy,
dgamma = sum dy (x - m) r, dbeta = sum dy (theorems "inference-affine", "inference-gradients").

- NaN stays NaN in every operation, so what depends on a NaN is NaN.  An element of x or dy is used
  by one element of y or dx; a value per channel by all of them.
- x = s inf: x - m and x (gamma r) are both infinite, so y = s sign(gamma) inf, folded or not.
- m = s inf: x - m = -s inf, and the shift beta - m gamma r = -s sign(gamma) inf.
- beta = s inf: y = s inf, since gamma (x - m) r is a number.
- gamma = s inf: gamma (x - m) r is infinite, but folded it is inf x - inf m, which may be NaN: not
  finite.  dx = s sign(dy) inf.
- v = inf: r = 0, so y = beta, and dx and dgamma are 0.  An inverse root that is refined by Newton's
  steps, r (3 - v r r) / 2, forms inf 0 = NaN: any result that is a number is that number.
- dy = s inf: dx = s sign(gamma) inf in that element.  Sums that meet an infinity are infinite or
  NaN: a compensated sum subtracts inf from inf; sum dy x r - m r sum dy does so as well.

**Training**, where mean and variance depend on all x of the channel, and dx on all dy.

- x = NaN: mean, variance and all that they normalise are NaN.  dbeta is a sum of dy alone.
- x = s inf: mean = s inf, or NaN by Welford's recurrence.  x - mean is infinite or NaN for every x
  of the channel, the variance infinite or NaN, and what comes of it not finite: r > 0 leaves it
  infinite, r = 0 gives 0 inf = NaN.
- dy = NaN, or infinite: mean dy is NaN, or not finite, and every dx of the channel subtracts it.
- gamma = s inf: y and dx are inf times a number, or NaN where that is 0 or where it is folded.
- beta: as in inference.  No gradient depends on beta (theorem "independent-of-beta").
- running_mean, running_var: keep inf + weight new = inf, but old + weight (new - old) is
  inf - inf = NaN: not finite.  y and the gradients do not depend on them, except in the class
  "one-pass", where x may be shifted by the running mean before it is squared: `SHIFTED`.
- dgamma does not depend on gamma.  It is not judged where gamma is not finite all the same, since
  xhat may be kept as gamma xhat.

Where keep or weight is 0 a running average may select instead of multiply, so nothing is demanded
of it there; nor of a product whose sign is 0, nor of channels that several arguments spoil.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from bnproof.engine.model.names import Argument, Mode, Output

NUMBER, NAN, PLUS, MINUS = 1, 2, 4, 8
"""The kinds; a set of kinds is the sum of its members."""

NOT_FINITE = NAN | PLUS | MINUS
ANY = NUMBER | NOT_FINITE
"""Nothing is demanded."""

NAMES = {NAN: "nan", PLUS: "inf", MINUS: "-inf", NOT_FINITE: "not finite"}
"""What reports call the kinds that are not numbers."""


class Effect(NamedTuple):
    """What becomes of a result.

    Attributes:
        kinds: that it may have; PLUS stands for the sign of the argument.
        where: "element" for the element of the argument alone, "channel" for all.
        sign: what the sign is multiplied by, a value per channel or an array like x.
        negative: whether it is turned round.
    """

    kinds: int
    where: Literal["element", "channel"] = "channel"
    sign: Literal["", "gamma", "dy"] = ""
    negative: bool = False


Effects = Mapping[Output, Effect]

_nan, _open, _any = Effect(NAN), Effect(NOT_FINITE), Effect(ANY)
_own_nan, _signed = Effect(NAN, "element"), Effect(PLUS)
_limit = _any  # if it is a number, it is the limit: see `bnproof.engine.truth.spoiled.Kinds`

EFFECTS: Mapping[tuple[Mode, Argument, Literal["nan", "inf"]], Effects] = {
    ("infer", "x", "nan"): {"y": _own_nan, "dgamma": _nan},
    ("infer", "x", "inf"): {"y": Effect(PLUS, "element", "gamma"), "dgamma": _open},
    ("infer", "dy", "nan"): {"dx": _own_nan, "dgamma": _nan, "dbeta": _nan},
    ("infer", "dy", "inf"): {
        "dx": Effect(PLUS, "element", "gamma"),
        "dgamma": _open,
        "dbeta": _open,
    },
    ("infer", "gamma", "nan"): {"y": _nan, "dx": _nan, "dgamma": _any},
    ("infer", "gamma", "inf"): {
        "y": _open,
        "dx": Effect(PLUS, sign="dy"),
        "dgamma": _any,
    },
    ("infer", "beta", "nan"): {"y": _nan},
    ("infer", "beta", "inf"): {"y": _signed},
    ("infer", "running_mean", "nan"): {"y": _nan, "dgamma": _nan},
    ("infer", "running_mean", "inf"): {
        "y": Effect(PLUS, sign="gamma", negative=True),
        "dgamma": _open,
    },
    ("infer", "running_var", "nan"): {"y": _nan, "dx": _nan, "dgamma": _nan},
    ("infer", "running_var", "inf"): {"y": _limit, "dx": _limit, "dgamma": _limit},
    ("train", "x", "nan"): {
        "y": _nan,
        "running_mean": _nan,
        "running_var": _open,
        "dx": _nan,
        "dgamma": _nan,
    },
    ("train", "x", "inf"): {
        "y": _open,
        "running_mean": _open,
        "running_var": _open,
        "dx": _open,
        "dgamma": _open,
    },
    ("train", "dy", "nan"): {"dx": _nan, "dgamma": _nan, "dbeta": _nan},
    ("train", "dy", "inf"): {"dx": _open, "dgamma": _open, "dbeta": _open},
    ("train", "gamma", "nan"): {"y": _nan, "dx": _nan, "dgamma": _any},
    ("train", "gamma", "inf"): {"y": _open, "dx": _open, "dgamma": _any},
    ("train", "beta", "nan"): {"y": _nan},
    ("train", "beta", "inf"): {"y": _signed},
    ("train", "running_mean", "nan"): {"running_mean": _nan},
    ("train", "running_mean", "inf"): {"running_mean": _open},
    ("train", "running_var", "nan"): {"running_var": _nan},
    ("train", "running_var", "inf"): {"running_var": _open},
}
"""What becomes of the results of a channel, by mode, argument and kind of value."""

SHIFTED: Effects = dict.fromkeys(("y", "running_var", "dx", "dgamma"), _any)
"""What else a running mean spoils in training, where x may be shifted by it."""
