"""The forward pass of a transformed batch: biases, scales, signs, permutations, other channels."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.laws import parameter
from bnproof.engine.judging.property import relation_statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.transforms import (
    Transform,
    channels_permuted,
    how,
    negated,
    positions_permuted,
    rows_permuted,
    same,
    scaled,
    transformed,
)
from bnproof.engine.model.basis import TRAINING, Basis
from bnproof.engine.model.names import GRADIENTS, OUTPUTS, STATISTICS, Output
from bnproof.engine.portfolio import relations

RELATED = (Need.TRAIN, Need.ANY_SHAPE, Need.EPS)
STILL: tuple[Output, ...] = ("dgamma", "dbeta", *STATISTICS)
"""Results that no permutation of values within a channel changes."""


@relation_statement(
    "forward/bias-invariance",
    "A bias added to x changes neither y nor any gradient.",
    theorem="bias-invariance",
    twins=relations.bias_invariance,
    needs=(*RELATED, Need.PLAIN),
    rests_on=TRAINING,
)
def bias_invariance(base: Record, twin: Record) -> Iterator[Comparison]:
    """y, the gradients and running_var stay; running_mean moves by its share of the bias."""
    still = ("y", "running_var", *GRADIENTS)
    yield from transformed(base, twin, dict.fromkeys(still, same))
    a, b = base.of("train", "running_mean"), twin.of("train", "running_mean")
    if a is None or b is None or base.case.momentum is None:
        return
    weight = base.declaration.weight(base.case.momentum)
    want = np.asarray(a.got, np.float64) + weight * np.asarray(how(twin, "bias"))
    yield compare(twin, "running_mean", b.got, want, a.bound + b.bound)


@relation_statement(
    "forward/scale-law",
    "x scaled by c and eps by c^2 leave y as it is and divide dx by c.",
    theorem="scale-law",
    twins=relations.scale_law,
    needs=(*RELATED, Need.SCALED_EPS, Need.PLAIN),
    rests_on=TRAINING,
)
def scale_law(base: Record, twin: Record) -> Iterator[Comparison]:
    """c is a power of two."""
    expected: dict[Output, Transform] = {"y": same, "dx": scaled(-1), "dgamma": same, "dbeta": same}
    yield from transformed(base, twin, expected)


@relation_statement(
    "forward/sign",
    "x with the other sign gives the mirror image: y - beta, dgamma and the mean change sign.",
    theorem="sign-law",
    twins=relations.sign,
    needs=(*RELATED, Need.PLAIN),
    rests_on=TRAINING,
)
def sign(base: Record, twin: Record) -> Iterator[Comparison]:
    """The mirror image of y is 2 beta - y."""
    mirrored: dict[Output, Transform] = {
        "dgamma": negated,
        "dx": same,
        "dbeta": same,
        "running_var": same,
    }
    yield from transformed(base, twin, mirrored)
    a, b = base.of("train", "y"), twin.of("train", "y")
    if a is not None and b is not None:
        beta = parameter(base, "beta", 0.0)
        want = 2 * beta - np.asarray(a.got, np.float64)
        yield compare(twin, "y", b.got, want, a.bound + b.bound + 2.0**-50 * np.abs(beta))


@relation_statement(
    "forward/sample-permutation",
    "Permuting the samples permutes y and dx and nothing else.",
    theorem="permutation-equivariance",
    twins=relations.sample_permutation,
    needs=(*RELATED, Need.PLAIN),
    rests_on=TRAINING,
)
def sample_permutation(base: Record, twin: Record) -> Iterator[Comparison]:
    """y and dx in the other order, the rest as it was."""
    rows: dict[Output, Transform] = {"y": rows_permuted, "dx": rows_permuted}
    yield from transformed(base, twin, {**rows, **dict.fromkeys(STILL, same)})


@relation_statement(
    "forward/spatial-permutation",
    "Permuting the spatial positions permutes y and dx and nothing else.",
    theorem="spatial-positions",
    twins=relations.spatial_permutation,
    needs=(*RELATED, Need.SPACE, Need.PLAIN),
    rests_on=TRAINING,
)
def spatial_permutation(base: Record, twin: Record) -> Iterator[Comparison]:
    """y and dx in the other order, the rest as it was."""
    positions: dict[Output, Transform] = {"y": positions_permuted, "dx": positions_permuted}
    yield from transformed(base, twin, {**positions, **dict.fromkeys(STILL, same)})


@relation_statement(
    "forward/channel-permutation",
    "Permuting the channels permutes every result.",
    theorem="channel-independence",
    twins=relations.channel_permutation,
    needs=RELATED,
    rests_on=TRAINING,
)
def channel_permutation(base: Record, twin: Record) -> Iterator[Comparison]:
    """Every result in the other order."""
    yield from transformed(base, twin, dict.fromkeys(OUTPUTS, channels_permuted))


@relation_statement(
    "forward/channel-independence",
    "A channel's results depend on that channel alone.",
    theorem="channel-independence",
    twins=relations.channel_independence,
    needs=RELATED,
    rests_on=TRAINING,
)
def channel_independence(base: Record, twin: Record) -> Iterator[Comparison]:
    """The first channel, among other channels and alone."""
    for output in OUTPUTS:
        a, b = base.of("train", output), twin.of("train", output)
        if a is not None and b is not None:
            got, want = b.got[..., :1], a.got[..., :1]
            bound = a.bound[..., :1] + b.bound[..., :1]
            yield compare(twin, "channel 0", got, want, bound, of=output)


@relation_statement(
    "forward/affine",
    "y is affine in gamma and beta.",
    theorem="affine-in-gamma-beta",
    twins=relations.affine,
    needs=(*RELATED, Need.AFFINE, Need.PLAIN),
    rests_on=(Basis.Y,),
)
def affine(base: Record, twin: Record) -> Iterator[Comparison]:
    """gamma y' - gamma' y = gamma beta' - gamma' beta, whatever the two pairs are."""
    y, other = base.of("train", "y"), twin.of("train", "y")
    if y is None or other is None:
        return
    g, b = parameter(base, "gamma", 1.0), parameter(base, "beta", 0.0)
    g2, b2 = parameter(twin, "gamma", 1.0), parameter(twin, "beta", 0.0)
    left = g * np.asarray(other.got, np.float64)
    right = g2 * np.asarray(y.got, np.float64) + (g * b2 - g2 * b)
    bound = np.abs(g) * other.bound + np.abs(g2) * y.bound
    yield compare(twin, "gamma y' - gamma' y", left, right, bound + 2.0**-50 * np.abs(g * b2))
