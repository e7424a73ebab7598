"""Two mistakes at once, of those that variants have one of."""

from bnproof.mutants.variants.columns import Columns
from bnproof.mutants.variants.single import CONVENTIONS, MISTAKES
from bnproof.mutants.variants.variant import Variant

PAIRS = (
    ("eps-beside-the-root", "weights-interchanged"),
    ("beta-forgotten", "dgamma-as-mean"),
    ("variance-as-constant", "dbeta-as-mean"),
    ("mean-as-constant", "other-variance-averaged"),
    ("gamma-not-carried-back", "gradients-interchanged"),
    ("one-plus-gamma", "averages-replaced"),
    ("two-forgotten", "deviation-averaged"),
    ("evaluation-by-the-batch", "statistics-as-constants"),
    ("minus-beta", "averages-add-up"),
    ("dgamma-of-centred", "evaluation-without-gamma"),
    ("eps-or-var", "sum-averaged"),
    ("sign-of-variance", "weight-squared"),
)


def _combined(first: str, second: str, turn: int) -> Variant:
    by_name = {name: (causes, replaced) for name, causes, replaced in MISTAKES}
    (one, replaced), (other, more) = by_name[first], by_name[second]
    conventions = CONVENTIONS[turn % len(CONVENTIONS)]
    kind = type("Varied", (Columns,), {**conventions, **replaced, **more})
    return Variant(f"{first}-and-{second}", (one, other), kind)


VARIANTS = tuple(_combined(*pair, turn) for turn, pair in enumerate(PAIRS))
