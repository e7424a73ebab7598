"""Two mistakes at once, of those that variants have one of."""

from bnproof.mutants.decorators import registered
from bnproof.mutants.variants import single_backward, single_forward, single_running
from bnproof.mutants.variants.turns import in_conventions
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


MISTAKES = {
    each.id: each
    for module in (single_forward, single_backward, single_running)
    for each in registered(module, Variant)
}


def _combined(first: str, second: str, turn: int) -> Variant:
    one, other = MISTAKES[first], MISTAKES[second]
    made = in_conventions(turn, one.make, other.make)
    return Variant(f"{first}-and-{second}", (*one.causes, *other.causes), made)


VARIANTS = tuple(_combined(*pair, turn) for turn, pair in enumerate(PAIRS))
