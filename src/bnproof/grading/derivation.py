"""Which line of the derivation a mistake breaks, and how that line reads.

Lines are counted from 0 in the theorem's own order, as ``bnproof derive ID`` prints them.
"""

from dataclasses import dataclass

from bnproof.grading.result import WRONG, PartGrade

MEAN, VAR, INV_STD, XHAT, SCALE_AND_SHIFT = (("forward-definition", n) for n in range(5))
DMEAN, DVAR, DINV_STD, DXHAT = (("backward-steps", n) for n in range(4))
CHAIN, SUMS, CLOSED, FRACTION = (("dx-closed-form", n) for n in range(4))
DGAMMA, DBETA, AVERAGE, INFERENCE = (
    ("dgamma", 0),
    ("dbeta", 0),
    ("running-one-step", 1),
    ("inference-affine", 0),
)

CONVENTION = "momentum weighs s_new here, where that of the exercise weighs r_old"
"""What a reader of the line on running averages has to know."""

BY_PART = {
    "train-output": ("forward-definition", 5),
    "running-statistics": AVERAGE,
    "test-output": INFERENCE,
    "dx": CLOSED,
    "dgamma": DGAMMA,
    "dbeta": DBETA,
}
"""The line behind a part, for a mistake that has no line of its own."""

_LINES: tuple[tuple[tuple[str, int], str], ...] = (
    (
        MEAN,
        "formula/mean-by-n-minus-1 formula/median running-values/sum-for-mean",
    ),
    (
        VAR,
        (
            "formula/second-moment formula/mean-not-squared formula/variance-is-a-sum "
            "formula/absolute-deviation formula/normalised-by-unbiased-variance "
            "running-values/unbiased-for-biased running-values/about-the-running-mean "
            "axes/variance-of-whole-tensor"
        ),
    ),
    (
        INV_STD,
        (
            "formula/divided-by-variance formula/divided-by-variance-squared "
            "formula/multiplied-by-std eps/outside-the-root eps/none eps/none-in-training "
            "eps/maximum eps/only-for-zero-variance eps/squared eps/rooted eps/twice eps/relative "
            "eps/subtracted eps/divided-by-count eps/at-least-1e-5 eps/default "
            "degenerate/small-variance-is-one"
        ),
    ),
    (
        XHAT,
        (
            "formula/not-scaled formula/not-centred formula/xhat-clipped "
            "eps/added-to-the-numerator mode/running-mean-in-training"
        ),
    ),
    (
        SCALE_AND_SHIFT,
        (
            "formula/no-gamma formula/no-beta formula/absolute-gamma "
            "formula/gamma-and-beta-swapped formula/gamma-plus-one formula/gamma-twice "
            "formula/beta-scaled formula/beta-subtracted formula/beta-normalised formula/rectified "
            "axes/parameters-reversed axes/parameters-along-the-batch "
            "axes/parameters-along-the-last-axis"
        ),
    ),
    (
        ("constant-feature", 1),
        "degenerate/constant-channel-to-zero degenerate/constant-channel-passed-on",
    ),
    (
        DMEAN,
        "backward/no-mean-term backward/mean-term-added backward/mean-term-counted-twice",
    ),
    (
        DVAR,
        "backward/variance-term-halved backward/variance-term-n-minus-1",
    ),
    (
        DINV_STD,
        (
            "backward/no-variance-term backward/variance-term-added backward/variance-term-doubled "
            "eps/missing-in-variance-term"
        ),
    ),
    (
        DXHAT,
        "backward/direct-term-only backward/centred-for-xhat backward/y-for-xhat",
    ),
    (
        FRACTION,
        "backward/n-minus-1 backward/sums-not-divided backward/divided-by-examples",
    ),
)

LINES = {mistake: line for line, mistakes in _LINES for mistake in mistakes.split()}
"""The line that a mistake breaks, as (id of the theorem, number of the line)."""


@dataclass(frozen=True)
class Line:
    """A line of the derivation.

    Attributes:
        theorem, title: id and title of the theorem.
        formula: the equation, as text.
        because: the reason for it.
    """

    theorem: str
    title: str
    formula: str
    because: str


def line_of(grade: PartGrade) -> Line | None:
    """The line that a wrong part breaks; None for a mistake of form, which breaks none.

    Raises LookupError for a table that names a line which the specification does not have.
    """
    place = _place(grade)
    if place is None:
        return None
    from bnproof.spec.contents import THEOREMS  # noqa: PLC0415  # SymPy takes a second
    from bnproof.spec.publishing.plain import plain  # noqa: PLC0415  # likewise

    theorem = THEOREMS[place[0]]
    claim = theorem.lines()[place[1]]
    left = {"dx": "dx[k]", "dgamma": "dgamma", "dbeta": "dbeta"}
    named = left.get(grade.part.name) if place[0] in ("dx-closed-form", "dgamma", "dbeta") else None
    formula = f"{named or plain(claim.left)} = {plain(claim.right)}"
    because = f"{claim.because}; {CONVENTION}" if place == AVERAGE else claim.because
    return Line(theorem.id, theorem.title, formula, because)


def _place(grade: PartGrade) -> tuple[str, int] | None:
    if grade.verdict != WRONG or any(c.id.startswith("form/") for c in grade.causes):
        return None
    own = (LINES[cause.id] for cause in grade.causes if cause.id in LINES)
    return next(own, BY_PART.get(grade.part.name))
