"""A hint for each mistake that a student may make: it leads on without giving the formula away.

One hint serves all mistakes of one kind.  None has a formula in it: the tests refuse any sign of
arithmetic, and the words of the repair.  A mistake without a hint of its own has its family's.
"""

_KINDS: tuple[tuple[str, str], ...] = (
    # --- the forward pass ---------------------------------------------------------------------
    (
        (
            "Which quantity do you divide by? Compare its unit with that of x: if x were in "
            "metres, the normalised values should have no unit at all."
        ),
        (
            "formula/divided-by-variance formula/divided-by-variance-squared "
            "formula/multiplied-by-std formula/not-scaled"
        ),
    ),
    (
        "Print the mean of each column of your normalised values. What should it be?",
        (
            "formula/not-centred formula/mean-by-n-minus-1 formula/median "
            "mode/running-mean-in-training"
        ),
    ),
    (
        (
            "Call forward twice with another gamma or beta. Does out change as it should, and in "
            "the right order of operations?"
        ),
        (
            "formula/no-gamma formula/no-beta formula/absolute-gamma "
            "formula/gamma-and-beta-swapped formula/gamma-plus-one formula/gamma-twice "
            "formula/beta-scaled formula/beta-subtracted formula/beta-normalised "
            "axes/parameters-reversed axes/parameters-along-the-last-axis "
            "axes/parameters-along-the-batch mode/no-parameters-in-inference"
        ),
    ),
    (
        (
            "There are two usual ways to count for a variance, which differ by one. Which of them "
            "belongs to the normalisation?"
        ),
        "formula/normalised-by-unbiased-variance",
    ),
    (
        (
            "Work your variance out by hand for a column with two values, and then for the same "
            "column with a hundred added to both. It should be the same."
        ),
        (
            "formula/second-moment formula/mean-not-squared formula/variance-is-a-sum "
            "formula/absolute-deviation axes/count-of-examples"
        ),
    ),
    (
        (
            "Something is done to the values that the definition does not speak of. Look at the "
            "very large and the negative ones."
        ),
        "formula/rectified formula/xhat-clipped degenerate/small-variance-is-one",
    ),
    (
        (
            "What comes out for a feature that is the same in all examples? Follow it through your "
            "code, line by line, to the end."
        ),
        (
            "degenerate/constant-channel-to-zero degenerate/constant-channel-passed-on "
            "degenerate/divided-by-gamma"
        ),
    ),
    # --- eps ----------------------------------------------------------------------------------
    (
        (
            "eps is there to keep a certain operation safe. Is it inside or outside of that "
            "operation, and is it the same in train and in test mode?"
        ),
        (
            "eps/outside-the-root eps/maximum eps/only-for-zero-variance eps/relative "
            "eps/subtracted eps/divided-by-count eps/added-to-the-numerator eps/squared eps/rooted"
        ),
    ),
    (
        "What does your function do with eps? Try it on a column whose values are all alike.",
        "eps/none eps/none-in-inference eps/none-in-training",
    ),
    (
        (
            "Does the result change when the caller asks for another eps in bn_param? Look for a "
            "number that is written into the code."
        ),
        "eps/default eps/default-in-inference eps/at-least-1e-5",
    ),
    (
        (
            "How often does eps come in on the way to the result? Look also at the lines before "
            "and after the one that you have in mind."
        ),
        "eps/twice eps/twice-in-inference eps/taken-off-running-variance",
    ),
    (
        "What is stored in the running variance: what was measured, or what is divided by?",
        "eps/in-running-variance running-values/variance-at-least-eps",
    ),
    (
        (
            "The backward pass differentiates exactly what the forward pass computes. Is eps in "
            "the same place in both?"
        ),
        (
            "eps/missing-in-backward eps/outside-in-backward eps/missing-in-variance-term "
            "eps/two-placements-in-backward"
        ),
    ),
    # --- axes ---------------------------------------------------------------------------------
    (
        (
            "Over which axes do you average? How many means should there be: as many as examples, "
            "as features, or one for all?"
        ),
        (
            "axes/whole-tensor axes/layer-norm axes/last-axis axes/group-norm axes/ghost-batches "
            "axes/first-half axes/variance-of-whole-tensor axes/mean-of-whole-tensor "
            "axes/neighbour-included axes/variance-per-example axes/mean-per-activation"
        ),
    ),
    (
        (
            "In an image every position counts as one more example. Which axes share a mean then, "
            "and how many values go into it?"
        ),
        "axes/per-activation axes/instance-norm",
    ),
    (
        (
            "Fill an image with the number of its channel, reshape it as you do, and print one "
            "column. Are all its numbers the same?"
        ),
        (
            "axes/reshaped-not-transposed axes/channels-not-moved axes/channels-not-moved-back "
            "axes/channels-of-dy-not-moved"
        ),
    ),
    # --- the gradient of x --------------------------------------------------------------------
    (
        (
            "x reaches out by three paths: directly, through the mean and through the variance. "
            "You followed one of them."
        ),
        "backward/direct-term-only",
    ),
    (
        (
            "x reaches out by three paths; you followed two of them. Which of the statistics did "
            "you take for a constant?"
        ),
        "backward/no-variance-term backward/no-mean-term",
    ),
    (
        (
            "All paths are there, but one of them comes in with the wrong sign. If you add the "
            "same number to all of x, should out change? What does this say of all of dx, taken "
            "together?"
        ),
        "backward/mean-term-added backward/variance-term-added",
    ),
    (
        (
            "One path carries the wrong weight. Differentiate a square, and a root, by themselves, "
            "and see where their factors went."
        ),
        "backward/variance-term-halved backward/variance-term-doubled",
    ),
    (
        "One path is counted more than once. Draw the graph, and count the arrows that leave x.",
        "backward/mean-term-counted-twice",
    ),
    (
        (
            "The mean and the variance were formed by averaging over the examples. What does that "
            "do to the gradient that flows back through each of them?"
        ),
        (
            "backward/n-minus-1 backward/variance-term-n-minus-1 backward/sums-not-divided "
            "backward/divided-by-examples backward/mean-of-block-means"
        ),
    ),
    (
        "What became of gamma on the way back? Try gamma of one, of two and of minus one.",
        (
            "backward/no-gamma backward/gamma-twice backward/absolute-gamma "
            "backward/gamma-in-direct-term-only backward/scaled-xhat"
        ),
    ),
    (
        (
            "By what is dx scaled as a whole? Make x ten times as large: should its gradient grow "
            "or shrink, and by how much?"
        ),
        (
            "backward/variance-for-std backward/not-divided-by-std backward/times-std "
            "backward/unbiased-std backward/running-std backward/mean-term-scaled-twice"
        ),
    ),
    (
        (
            "Look at the path through the variance: is what it contains x, the centred x, the "
            "normalised x, or out? Only one of them is meant."
        ),
        "backward/centred-for-xhat backward/y-for-xhat",
    ),
    (
        "With a dout of zeros, what should dx be, and what is it?",
        "backward/penalty-included",
    ),
    (
        "Does the gradient of one feature depend on dout of another feature? Should it?",
        "backward/mean-over-all-channels parameter-gradients/dbeta-of-all-channels",
    ),
    # --- the gradients of gamma and beta ------------------------------------------------------
    (
        (
            "What is gamma multiplied with in the forward pass? The same thing is what dout meets "
            "in its gradient."
        ),
        (
            "parameter-gradients/dgamma-unscaled parameter-gradients/dgamma-times-std "
            "parameter-gradients/dgamma-of-x parameter-gradients/dgamma-uncentred "
            "parameter-gradients/dgamma-of-y"
        ),
    ),
    (
        (
            "Every example contributes to this gradient. Do contributions add up, or are they "
            "averaged? Who has taken care of the size of the batch already?"
        ),
        (
            "parameter-gradients/dgamma-mean parameter-gradients/dgamma-by-examples "
            "parameter-gradients/dbeta-mean parameter-gradients/dbeta-by-examples"
        ),
    ),
    (
        "Raise gamma a little and watch out and the loss: does the gradient point the same way?",
        "parameter-gradients/dgamma-negated",
    ),
    (
        (
            "Is it dout itself that you use here, or a version of it that was already changed for "
            "another gradient?"
        ),
        (
            "parameter-gradients/dgamma-times-gamma parameter-gradients/dbeta-times-gamma "
            "parameter-gradients/dbeta-of-dx"
        ),
    ),
    (
        "Both numbers are ones that you need. Look at which is which, where they are returned.",
        "parameter-gradients/dgamma-and-dbeta-swapped running-values/interchanged",
    ),
    (
        "Which values of dout belong to one feature? Do all of them take part?",
        "parameter-gradients/dbeta-not-summed-over-space parameter-gradients/dbeta-of-first-value",
    ),
    # --- running statistics -------------------------------------------------------------------
    (
        (
            "With a momentum close to one, should the running average follow the newest batch or "
            "hardly move?"
        ),
        "running/momentum-swapped running/momentum-swapped-for-the-variance",
    ),
    (
        "Print what is in bn_param before and after a call in train mode. What has moved?",
        "running/never-updated running/mean-only running/variance-only",
    ),
    (
        "Where does the momentum of bn_param come in? Call forward with two different ones.",
        "running/last-batch running/default-momentum running/momentum-squared",
    ),
    (
        "An average of two values gives each of them a weight. What do the two weights add up to?",
        (
            "running/not-decayed running/not-weighted running/divided-by-examples "
            "running/away-from-the-batch"
        ),
    ),
    (
        "How often is each average updated in one call? Is the first call different from others?",
        "running/updated-twice running/first-call-copies",
    ),
    (
        (
            "The exercise averages the same variance that it normalises by. There are two usual "
            "ways to count for a variance, which differ by one."
        ),
        (
            "running-values/unbiased-for-biased running-values/bessel-twice "
            "running-values/bessel-inverted running-values/bessel-by-examples "
            "running-values/bessel-by-all-values running-values/bessel-for-the-mean "
            "running-values/bessel-for-the-average running-values/biased-for-unbiased"
        ),
    ),
    (
        (
            "What exactly is averaged: a variance, its root, or the inverse of that? Which one "
            "does test mode expect to find?"
        ),
        (
            "running-values/standard-deviation running-values/inverse-standard-deviation "
            "mode/variance-taken-for-std"
        ),
    ),
    (
        "Of which array is this the mean or the variance, and about which centre?",
        (
            "running-values/sum-for-mean running-values/about-the-running-mean "
            "running-values/second-moment running-values/of-the-outputs "
            "running-values/of-the-first-example running-values/scaled-by-gamma "
            "running-values/shared-by-the-channels"
        ),
    ),
    # --- test mode ----------------------------------------------------------------------------
    (
        "In test mode there may be one example only. Which mean and variance can you use then?",
        (
            "mode/batch-statistics-in-inference mode/batch-statistics-unless-single "
            "mode/batch-variance-in-inference mode/batch-mean-in-inference "
            "mode/initial-statistics-in-inference mode/statistics-interchanged-in-inference"
        ),
    ),
    (
        "Should a call in test mode leave a trace in bn_param? Compare it before and after.",
        (
            "mode/inference-moves-statistics mode/inference-resets-statistics "
            "mode/blended-statistics-in-inference"
        ),
    ),
    (
        "The size of the test batch should not matter for its examples. Where does it come in?",
        "mode/bessel-in-inference",
    ),
    (
        "In train mode, does out depend on what bn_param has as running statistics? Should it?",
        (
            "mode/running-statistics-in-training mode/updated-statistics-in-training "
            "mode/single-example-infers"
        ),
    ),
)

FAMILIES = {
    "formula": "Check the four steps of the forward pass one by one, on a column of two values.",
    "eps": "Where does eps belong, and is it the same one everywhere?",
    "axes": "Which values share a mean, and along which axes do they lie?",
    "backward": "Draw the graph of the forward pass, and follow each arrow back from out to x.",
    "parameter-gradients": "Where does this parameter meet the data in the forward pass?",
    "running": "Follow one running average through two calls by hand.",
    "running-values": "Which number of the batch goes into the running average?",
    "mode": "Which statistics belong to train mode, and which to test mode?",
    "folding": "If you fold test mode into a factor and a shift, what does each consist of? "
    "Try an x that equals the running mean.",
    "variance": "Compare your variance with that of NumPy, on few values and far from zero.",
    "numerics": "The numbers are close, and not as close as float64 allows. Where is precision "
    "lost?",
    "degenerate": "Try columns that are constant, and a gamma of zero.",
}
"""The hint of a family, for mistakes without one of their own."""

HINTS = {mistake: hint for hint, mistakes in _KINDS for mistake in mistakes.split()}
"""Hints by the id of the mistake."""


def hint_of(mistake: str) -> str:
    """The hint for a mistake, "" for a family that students do not need one for.

    >>> hint_of("backward/no-mean-term")[:30]
    'x reaches out by three paths; '
    """
    return HINTS.get(mistake) or FAMILIES.get(mistake.partition("/")[0], "")
