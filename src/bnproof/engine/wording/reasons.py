"""Why a property is not tested on an implementation."""

from collections.abc import Callable, Mapping

from bnproof.engine.contract.choices import Fixable, Setting
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.needs import FEW, Need
from bnproof.engine.model.demand import EVALUATED, TRAINED, Demand
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.offers import Offer

NO_CASE = "no case that ran is of the kind that this property compares"
"""For what no declaration explains: calls that raised, or a run that was interrupted."""

NOTHING_RAN = "no case ran"


def why_not(need: Need, declaration: Declaration) -> str:
    """Why a declaration does not allow what is needed.

    >>> why_not(Need.GAMMA, Declaration(affine_parameters="none"))
    'needs gamma; this target has none'
    """
    reason = _REASONS[need]
    return reason if isinstance(reason, str) else reason(declaration)


def not_tried(demand: Demand, declaration: Declaration) -> str:
    """Why something is not tried on a module, "" if it is.

    >>> not_tried(Demand.PICKLE, Declaration())
    'needs a torch module'
    >>> declared = Declaration(demands={Demand.PICKLE: ""}, differs=("pickle",))
    >>> not_tried(Demand.PICKLE, declared)
    'this target declares that it differs from torch: pickle'
    """
    if demand not in declaration.demands:
        return "needs a torch module"
    if demand in declaration.differs:
        return f"this target declares that it differs from torch: {demand}"
    if demand in EVALUATED and not declaration.has("infer"):
        return "needs evaluation with running statistics, which this module does not have"
    if demand in TRAINED and not declaration.has("train"):
        return "needs training, which this module does not offer"
    if all(FORMATS[dtype].is_16_bit for dtype in declaration.dtypes):
        return "tried in float32 and float64 only, since it does not depend on the dtype"
    return declaration.demands[demand]


def _fixed(declaration: Declaration, *names: Fixable) -> str:
    name = next(name for name in names if name in declaration.fixed)
    return f"this target fixes {name} = {declaration.fixed[name]}"


def _setting(declaration: Declaration, name: Setting) -> str:
    if name in declaration.fixed:
        return f"this target fixes {name} = {declaration.fixed[name]:g}"
    low, high = declaration.accepts[name]
    return f"this target accepts {name} from {low:g} to {high:g}"


def _not_plain(declaration: Declaration) -> str:
    if declaration.activation != "none":
        return f"activation = {declaration.activation!r}"
    if declaration.residual:
        return "residual = True"
    return f"virtual_batch = {declaration.virtual_batch}"


_REASONS: Mapping[Need, str | Callable[[Declaration], str]] = {
    Need.TRAIN: "train is not offered",
    Need.INFER: "infer is not offered",
    Need.LAYER: "layer is not offered",
    Need.SPACE: "needs a rank above 2; this target takes rank 2 only",
    Need.CHANNELS: "needs several channels; this target fixes channels = 1",
    Need.ANY_SHAPE: lambda d: f"needs other shapes; {_fixed(d, 'shape', 'channels')}",
    Need.ANY_SIZE: lambda d: f"needs other shapes; {_fixed(d, 'shape')}",
    Need.FEW_VALUES: lambda d: f"needs at most {FEW} values per channel; {_fixed(d, 'shape')}",
    Need.EPS: lambda d: f"needs a variable eps; {_setting(d, 'eps')}",
    Need.SCALED_EPS: lambda d: f"needs a variable eps; {_setting(d, 'eps')}",
    Need.AFFINE: "needs gamma and beta; this target has none",
    Need.GAMMA: "needs gamma; this target has none",
    Need.BETA: "needs beta; this target has none",
    Need.BIASED: (
        "needs a normalisation that does not depend on N; this target multiplies the variance by "
        "N / (N - 1)"
    ),
    Need.PLAIN: lambda d: (
        f"needs y = gamma xhat + beta of the whole batch; this target declares {_not_plain(d)}"
    ),
    Need.WHOLE_BATCH: lambda d: (
        f"needs the statistics of the whole batch; this target declares virtual_batch = "
        f"{d.virtual_batch}"
    ),
    Need.DETERMINISTIC: "needs deterministic results; this target declares others",
    Need.CUMULATIVE: "needs momentum = None; this target does not declare cumulative",
    Need.SINGLE_VALUE: "needs one value per channel; its effect is undefined in this target",
    Need.EMPTY: "needs an empty batch; its effect is undefined in this target",
    Need.MOMENTUM: lambda d: f"needs a variable momentum; {_setting(d, 'momentum')}",
    Need.EXTREME_MOMENTUM: lambda d: f"needs momentum 0 or 1; {_setting(d, 'momentum')}",
    Need.REPLAYS: "needs calls between forward and backward; this target declares replays = True",
    Need.WIDE: "needs float32 or float64; a slope cannot be measured in 16 bits",
}
"""Why a declaration does not allow what a property needs."""

NOT_OFFERED: Mapping[Offer, str] = {
    Offer.DX: "dx is not offered",
    Offer.DGAMMA: "dgamma is not offered",
    Offer.DBETA: "dbeta is not offered",
    Offer.GRADIENTS: "no gradient is offered",
    Offer.GRADIENTS_OF_INFER: "no gradient of inference is offered",
    Offer.STATISTICS: "no running statistics are offered",
    Offer.RUNNING_VAR: "running_var is not offered",
    Offer.STATISTICS_OF_INFER: "inference returns no running statistics",
    Offer.ANY_STATISTICS: "no running statistics are offered",
    Offer.DOUBLE_BACKWARD: "double backward is not offered",
}
"""Why a property is not tested where a result did not come back."""
