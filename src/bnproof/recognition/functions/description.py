"""What functions were recognised as, in words, and the implementation that carries it."""

from collections.abc import Iterator

from bnproof.recognition.aliases import AFFINE, PER_CHANNEL, STATISTICS, Role, roles_of
from bnproof.recognition.exceptions import in_words
from bnproof.recognition.frameworks import Framework
from bnproof.recognition.functions.backwards import gradient_names
from bnproof.recognition.functions.calls import FunctionCall
from bnproof.recognition.functions.fits import Fit, names, usage
from bnproof.recognition.functions.function_adapter import RecognisedFunctions
from bnproof.recognition.functions.function_settings import Settings, settings_of
from bnproof.recognition.functions.results import parameter_of, returns_statistics
from bnproof.recognition.functions.sources import source_of
from bnproof.recognition.functions.user_functions import is_autograd, name_of
from bnproof.recognition.patterns import Pattern
from bnproof.recognition.recognised import Origin, Part, Recognition, Unidentified

NAMED = (*PER_CHANNEL, Role.EPS, Role.MOMENTUM)


def described(made: Fit) -> RecognisedFunctions:
    """The implementation of a fit, with its recognition."""
    found = settings_of(made)
    call = made.plan.train or made.plan.infer
    assert call is not None  # noqa: S101  # one of them is there
    declared = {
        "ranks": made.ranks,
        "dtypes": made.dtypes,
        "affine_parameters": made.affine,
        **found.declared,
    }
    origins = dict.fromkeys(("ranks", "dtypes", "channel_axis"), Origin.IDENTIFIED)
    return RecognisedFunctions(
        made.runtime,
        made.framework,
        names(made),
        declared,
        Recognition(
            _form(made),
            _roles(made, call),
            {**origins, **found.origins},
            tuple(_unidentified(made)),
            tuple(_remarks(made, found)),
            tuple(_evidence(made, found)),
        ),
        usage(made.given.functions[call.function], call.arguments),
    )


def _form(made: Fit) -> str:
    """The form in a few words."""
    given, plan = made.given, made.plan
    framework = made.framework.in_words
    if is_autograd(given.functions[given.main]):
        words = "torch.autograd.Function"
    elif given.backward is not None:
        words = f"{framework} functions forward and backward"
    elif given.forward is not None and given.evaluation is not None:
        words = f"{framework} functions for training and for evaluation"
    else:
        words = f"{framework} function"
        if plan.train is None:
            words += " for evaluation"
    return words + "".join(_details(made))


def _details(made: Fit) -> Iterator[str]:
    plan = made.plan
    call = plan.train
    if plan.columns:
        yield ", samples as columns (features, batch)"
    if call is not None and call.running_mean is not None:
        where = "returned" if returns_statistics(call) else "updated in their arguments"
        yield f", statistics {where}"
    if plan.backward is not None and plan.backward.source is not None:
        yield ", gradients by a function that it returns"
    elif plan.train is not None and plan.backward is None and made.framework is not Framework.NUMPY:
        yield f", gradients by {'jax.vjp' if made.framework is Framework.JAX else 'autograd'}"
    if plan.without_gradients:
        yield ", evaluation within torch.no_grad()"


def _roles(made: Fit, call: FunctionCall) -> dict[str, str]:
    """The target's own names by role."""
    roles = {}
    for role in NAMED:
        path = parameter_of(call.arguments, role)
        if path is not None:
            roles[str(role)] = ".".join(str(step) for step in path)
    if made.plan.backward is not None and made.plan.backward.source is None:
        function = made.given.functions[made.plan.backward.function]
        roles |= gradient_names(made.plan.backward, source_of(function))
    return roles


def _unidentified(made: Fit) -> Iterator[Unidentified]:
    """Parts that the functions seem to have, and that could not be called."""
    plan, first = made.plan, made.shaped[0]
    call = plan.train or plan.infer
    statistics = call is not None and parameter_of(call.arguments, STATISTICS[0]) is not None
    if first.evaluation_error is not None:
        why = in_words(first.evaluation_error)
        yield Unidentified("evaluation, which raised an exception", Part.EVALUATION, why)
    elif plan.infer is None and statistics:
        why = "no parameter says whether it is training"
        yield Unidentified("how evaluation is called", Part.EVALUATION, why)
    for parameter in made.parameters if not made.is_explained else ():
        role = made.named.get(parameter.name)
        if role is not None and parameter.required and not roles_of(parameter.name):
            why = f"it was given {role}, and no known formula explains the results"
            yield Unidentified(f"the parameter '{parameter.name}'", Part.OTHER_STATE, why)
    raised = made.gradient_errors[0]
    if raised is not None:
        yield Unidentified(
            "the gradients, which raised an exception", Part.GRADIENTS, in_words(raised)
        )
    if first.backward is not None and first.backward.missing is not None:
        yield first.backward.missing
    if made.given.backward is not None and plan.backward is None:
        error = first.backward.error if first.backward is not None else None
        why = in_words(error) if error is not None else "no result has the shape of x"
        backward = name_of(made.given.functions[made.given.backward])
        yield Unidentified(f"the gradients that {backward} returns", Part.GRADIENTS, why)


def _remarks(made: Fit, found: Settings) -> Iterator[str]:
    """What a reader has to know."""
    first = made.shaped[0]
    if not first.in_kind:
        yield (
            f"y of rank {first.rank} does not depend on x as a normalization by channel does: "
            "it is checked as it is"
        )
    if first.backward is not None and first.backward.remark:
        yield first.backward.remark
    yield from found.remarks
    offered = set(made.ranks)
    others = [m.rank for m in made.shaped if m.pattern is Pattern.OTHER and m.rank not in offered]
    if others and first.in_kind:
        told = " and ".join(map(str, sorted(others)))
        yield f"x of rank {told} is taken too, but not normalised by channel; it is not checked"


def _evidence(made: Fit, found: Settings) -> Iterator[str]:
    """How each thing was found."""
    call = made.plan.train or made.plan.infer
    assert call is not None  # noqa: S101  # one of them is there
    yield f"it is called as {usage(made.given.functions[call.function], call.arguments)}"
    affected = [str(role) for role in AFFINE if parameter_of(call.arguments, role) is not None]
    if affected:
        written = {rank: _shape(made, rank) for rank in made.ranks}
        shapes = ", ".join(f"{shape} in rank {rank}" for rank, shape in written.items())
        how = ", contiguous" if made.framework is Framework.TORCH else ""
        yield f"{' and '.join(affected)} are given in the shape {shapes}{how}"
    raised = made.gradient_errors[1]
    if raised is not None:
        yield f"evaluation offers no gradients: they raise {in_words(raised)}"
    yield from found.evidence


def _shape(made: Fit, rank: int) -> str:
    """The shape of gamma in words, as (1, C, 1, 1)."""
    sides = ["C" if side > 1 else "1" for side in made.runtime.shape(rank, 3)]
    return f"({', '.join(sides)}{',' if len(sides) == 1 else ''})"
