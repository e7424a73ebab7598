"""What is expected of a case, by what the implementation declares beside batch normalization."""

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case, columns, from_columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Mode
from bnproof.engine.truth.activations import activation
from bnproof.engine.truth.bounds.expected import Expected, Settings
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED
from bnproof.engine.truth.bounds.fused import fused
from bnproof.engine.truth.bounds.split import split


def expected(
    declaration: Declaration,
    case: Case,
    settings: Settings,
    mode: Mode,
    like: Expected | None = None,
) -> Expected:
    """Truth and bounds of a case in one mode; ``like`` are those of the other mode, if any."""

    def whole(of: Case, like: Expected | None = None) -> Expected:
        unbiased = declaration.unbiased(of.x.ndim)

        def plain(part: Case, like: Expected | None = None) -> Expected:
            return EXPECTED.of(
                part,
                settings,
                like,
                inference=mode == "infer",
                unbiased=unbiased,
                normalises_unbiased=declaration.normalises_unbiased,
            )

        if mode == "train" and (samples := virtual_batch(declaration, of)):
            averaging = declaration.virtual_batch_averages
            return split(of, samples, averaging, settings, plain, unbiased=unbiased)
        return plain(of, like)

    if declaration.is_plain:
        return whole(case, like)
    made = whole(case)
    if declaration.activation == "none" and not declaration.residual:
        return made

    def upstream_of(dy: Array) -> Expected:
        if declaration.activation == "none":
            return made
        return whole(case.with_(dy=from_columns(dy, case.x.shape), data_key=""))

    function = activation(declaration.activation, declaration.activation_slope)
    added = None if case.residual is None else columns(case.residual)
    return fused(made, upstream_of, function, added)


def virtual_batch(declaration: Declaration, case: Case) -> int | None:
    """The samples of a virtual batch, None where the case is one batch as a whole."""
    samples = declaration.virtual_batch
    return samples if samples is not None and len(case.x) > samples else None
