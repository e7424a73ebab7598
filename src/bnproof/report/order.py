"""Which properties follow from which: the order in which failures are explained.

A relation cannot hold where one of its outputs is wrong, so that its failure says nothing new
beside a failure of agreement.  The same holds for the few facts that need a right output.  Other
facts (a changed input, a result that is overwritten) and the
relations that allow for a wrong first call (strides, repeated and interleaved backward passes)
follow from nothing.
"""

from collections.abc import Collection

Y = ("forward/agreement",)
GRADIENTS = ("backward/agreement",)
STEP = ("running/one-step",)
EVALUATION = ("inference/agreement",)

FOLLOWS: dict[str, tuple[str, ...]] = {
    "forward/zero-mean": Y,
    "forward/unit-variance": Y,
    "forward/bias-invariance": (*Y, *GRADIENTS, *STEP),
    "forward/scale-law": (*Y, *GRADIENTS, *STEP),
    "forward/sign": (*Y, *GRADIENTS, *STEP),
    "forward/sample-permutation": (*Y, *GRADIENTS, *STEP),
    "forward/spatial-permutation": (*Y, *GRADIENTS, *STEP),
    "forward/channel-permutation": (*Y, *GRADIENTS, *STEP),
    "forward/channel-independence": (*Y, *GRADIENTS, *STEP),
    "forward/nonfinite-confinement": (*Y, *GRADIENTS, *STEP),
    "forward/single-value": (*Y, *GRADIENTS, *STEP),
    "forward/affine": Y,
    "forward/identity-recovery": Y,
    "forward/constant-feature": Y,
    "forward/duplicated-batch": (*Y, *GRADIENTS),
    "forward/layouts-agree": (*Y, *GRADIENTS, *STEP),
    "forward/independent-of-running-statistics": (*Y, *GRADIENTS),
    "backward/finite-differences": (*GRADIENTS, *Y),
    "backward/sum-zero": GRADIENTS,
    "backward/along-xhat": GRADIENTS,
    "backward/dbeta-is-sum": GRADIENTS,
    "backward/dgamma-from-output": (*GRADIENTS, *Y),
    "backward/additivity": GRADIENTS,
    "backward/homogeneity": GRADIENTS,
    "backward/symmetry": GRADIENTS,
    "backward/independent-of-beta": GRADIENTS,
    "backward/zero-dy": GRADIENTS,
    "backward/constant-dy": GRADIENTS,
    "backward/bias-in-front": GRADIENTS,
    "backward/weight-in-front": GRADIENTS,
    "backward/double-backward": (*GRADIENTS, "inference/gradients", *EVALUATION),
    "running/many-steps": STEP,
    "running/convergence": STEP,
    "running/momentum-extremes": STEP,
    "running/cumulative-average": STEP,
    "running/buffers": STEP,
    "inference/single-example": EVALUATION,
    "inference/example-independence": EVALUATION,
    "inference/affine-in-x": EVALUATION,
    "inference/equals-training": (*EVALUATION, *Y),
    "inference/folding": EVALUATION,
    "inference/gradients": EVALUATION,
    "layer/training": (*Y, *GRADIENTS, *STEP),
    "layer/evaluation": EVALUATION,
}
"""What each property follows from, the likeliest first; a property that is not listed is a root."""

FOLLOWING_FACTS = ("forward/nonfinite-confinement",)
"""The properties whose violations follow although no number is measured."""

FIRST = (
    "forward/agreement",
    "backward/agreement",
    "running/one-step",
    "running/bias-convention",
    "inference/agreement",
    "inference/gradients",
)
"""The roots that are shown before all others: whether the numbers are right."""

FOLLOWS_IN: dict[tuple[str, str], str] = {
    ("running/one-step", "running_var"): "running/bias-convention",
}
"""What a property follows from in one output only: another convention explains it."""


def rank(property_id: str) -> int:
    """The rank of a root: those of `FIRST` in their order, then all others.

    >>> rank("backward/agreement") < rank("inference/agreement") < rank("forward/strides")
    True
    """
    return FIRST.index(property_id) if property_id in FIRST else len(FIRST)


def root_of(property_id: str, output: str, failing: Collection[str]) -> str:
    """The failing property that explains a failure: the property itself if nothing else does.

    >>> root_of("backward/sum-zero", "sum of dx", {"backward/agreement", "backward/sum-zero"})
    'backward/agreement'
    """
    convention = FOLLOWS_IN.get((property_id, output), "")
    for parent in (convention, *FOLLOWS.get(property_id, ())):
        if not parent:
            continue
        root = root_of(parent, output, failing)
        if root in failing:
            return root
    return property_id
