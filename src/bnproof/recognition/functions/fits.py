"""From functions to an implementation: forms are guessed from names, and settled by behaviour."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bnproof.engine.model.names import PARAMETERS
from bnproof.recognition.aliases import STATISTICS, Role, affine_words
from bnproof.recognition.frameworks import Framework, frameworks_of, unwrapped
from bnproof.recognition.functions import shapes
from bnproof.recognition.functions.call_arguments import arguments_of, with_member
from bnproof.recognition.functions.calls import Argument, FunctionCall, Functions, Plan
from bnproof.recognition.functions.function_adapter import RecognisedFunctions
from bnproof.recognition.functions.judgement import Explained, explained
from bnproof.recognition.functions.parameters import (
    Parameter,
    assignments,
    is_clear,
    is_unnamed_flag,
    parameters_of,
)
from bnproof.recognition.functions.results import parameter_of, read_forward, returns_statistics
from bnproof.recognition.functions.shapes import Shaped, Wanted
from bnproof.recognition.functions.sources import Columns, source_of
from bnproof.recognition.functions.trial import (
    Trial,
    copied,
    data,
    run_of,
    runtime_of,
    with_plan,
)
from bnproof.recognition.functions.user_functions import Given, is_autograd, name_of
from bnproof.recognition.recognised import Recognition
from bnproof.recognition.user_calls import UsersError

KEYS = 8
"""Keys of a dict that are learnt from KeyErrors, at most."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One way to call the functions of a target that works.

    Attributes:
        given, framework, parameters: of the target.
        named: the role of each parameter of the main function.
        runtime: with the whole plan.
        shaped: what came of each rank, the chosen ones first.
        ranks: that are offered.
        gradient_errors: what gradients by the framework raise in training and in evaluation.
    """

    given: Given
    framework: Framework
    parameters: list[Parameter]
    named: Mapping[str, Role]
    runtime: Functions
    shaped: tuple[Shaped, ...]
    ranks: tuple[int, ...]
    gradient_errors: tuple[BaseException | None, ...] = (None, None)

    @property
    def plan(self) -> Plan:
        """How the functions are called."""
        return self.runtime.plan

    @cached_property
    def explained(self) -> Explained:
        """What known formulas explain."""
        return explained(implementation(self), self.ranks[0])

    @cached_property
    def affine(self) -> str:
        """Which of gamma and beta the function takes, as the contract has it."""
        return _affine(self)

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """float32 and float64, as far as results come back in the dtype of x; else float64."""
        offered = tuple(dtype for dtype in ("float32", "float64") if _keeps(self, dtype))
        return offered or ("float64",)

    @property
    def is_explained(self) -> bool:
        """Whether known formulas explain all that the functions offer."""
        plan, seen = self.plan, self.explained
        averaged = plan.train is None or plan.train.running_mean is None or bool(seen.averages)
        trained, evaluated = (
            plan.train is None or seen.training,
            plan.infer is None or seen.evaluation,
        )
        return averaged and trained and evaluated


@dataclass
class Misfit:
    """Why no way to call the functions works: what the likeliest one raised."""

    error: BaseException | None = None
    called: str = ""

    def add(self, error: BaseException | None, called: str) -> None:
        """Keep the first error, or else the first call."""
        if self.error is None and (error is not None or not self.called):
            self.error, self.called = error, called


def fit(given: Given, misfit: Misfit) -> Fit | None:
    """The best way to call the functions, None if none works."""
    function = given.functions[given.main]
    parameters = parameters_of(function) or []
    for framework in frameworks_of(function):
        runtime = runtime_of(framework)(given.functions, Plan(None))
        found: list[Fit] = []
        for named in assignments(parameters):
            found += _fits(given, framework, runtime, parameters, named, misfit)
            clear = is_clear(parameters, named) or (found and found[-1].is_explained)
            if found and clear and not _lacks_mode(found[-1]):
                break
        if found:
            return max(found, key=lambda each: each.explained.count)
    return None


def _lacks_mode(made: Fit) -> bool:
    """Whether evaluation is missing, and some flag may be what chooses it."""
    plan, named = made.plan, set(made.named)
    flags = [p for p in made.parameters if is_unnamed_flag(p) and p.name not in named]
    averaged = plan.train is not None and plan.train.running_mean is not None
    return bool(flags) and averaged and plan.infer is None


def _fits(
    given: Given,
    framework: Framework,
    runtime: Functions,
    parameters: list[Parameter],
    named: Mapping[str, Role],
    misfit: Misfit,
) -> Iterator[Fit]:
    """The ways to call with these roles: samples as rows, or as columns."""
    function = given.functions[given.main]
    positional = is_autograd(function)
    arguments = arguments_of(function, parameters, named, positional=positional)
    wanted = _wanted(given, runtime, _learnt(runtime, given.main, arguments))
    x = next(name for name, role in named.items() if role is Role.X)
    said = source_of(function).columns(x)
    rows = [] if said is Columns.SAID else shapes.tried(wanted, columns=False)
    columns = shapes.tried(wanted, columns=True) if _may_be_columns(rows, said) else []
    for made in (rows, columns):
        if made:
            misfit.add(shapes.first_error(made), usage(function, arguments))
    for made, by_columns in ((columns, True), (rows, False)):
        chosen = _chosen(made, source_of(function).ranks)
        if not chosen:
            continue
        result = _made(given, framework, parameters, named, wanted, made, chosen)
        if by_columns and said is not Columns.SAID and not _proves_columns(result, said):
            continue
        yield result
        return


def _may_be_columns(rows: list[Shaped], said: Columns) -> bool:
    """Whether columns are tried: the source says so, or no rank is right in kind with rows."""
    return said is not Columns.UNSAID or not any(made.in_kind for made in rows)


def _proves_columns(made: Fit, said: Columns) -> bool:
    """Whether behaviour alone shows columns: all is explained and consistent, backward included.

    Forward alone does not: rows that are normalised along the wrong axis look the same.
    """
    right = made.shaped[0].in_kind and made.shaped[0].consistent and made.explained.training
    return right and (said is Columns.PERHAPS or made.plan.backward is not None)


def _learnt(
    runtime: Functions, function: int, arguments: tuple[Argument, ...]
) -> tuple[Argument, ...]:
    """The arguments, with the keys that a dict lacks as a KeyError says."""
    source = source_of(runtime.functions[function])
    for _ in range(KEYS):
        trial = Trial(runtime, FunctionCall(function, arguments), data(2))
        try:
            _ = trial.first
        except UsersError as caught:
            key = caught.error.args[0] if isinstance(caught.error, KeyError) else None
            if isinstance(key, str):
                arguments = with_member(arguments, key, source)
                continue
        break
    return arguments


# --- the modes ------------------------------------------------------------------------------------


def _wanted(given: Given, runtime: Functions, arguments: tuple[Argument, ...]) -> Wanted:
    """The calls in training and in evaluation."""
    call = FunctionCall(given.main, arguments)
    if given.forward is None:
        return Wanted(runtime, None, call, None, without_gradients=False)
    infer, without = None, False
    if _has_mode(arguments):
        infer = call
    elif given.evaluation is not None:
        infer = _evaluation(given)
    elif _asks_for_gradients(given.functions[given.main]):
        infer, without = call, True
    elif _evaluates(runtime, call):
        return Wanted(runtime, None, call, None, without_gradients=False)
    return Wanted(runtime, call, infer, given.backward, without_gradients=without)


def _has_mode(arguments: tuple[Argument, ...]) -> bool:
    return any(a.role == "mode" or _has_mode(a.members) for a in arguments)


def _evaluation(given: Given) -> FunctionCall | None:
    """The call of a function of its own for evaluation."""
    assert given.evaluation is not None  # noqa: S101  # asked for only then
    function = given.functions[given.evaluation]
    parameters = parameters_of(function) or []
    for named in assignments(parameters)[:1]:
        made = arguments_of(function, parameters, named, positional=is_autograd(function))
        return FunctionCall(given.evaluation, made)
    return None


def _asks_for_gradients(function: Any) -> bool:
    """Whether a torch function looks at torch.is_grad_enabled()."""
    code = getattr(unwrapped(function), "__code__", None)
    return code is not None and "is_grad_enabled" in code.co_names


def _evaluates(runtime: Functions, call: FunctionCall) -> bool:
    """Whether a function without a mode normalises by given statistics, and updates none."""
    roles = {str(role): parameter_of(call.arguments, role) for role in (*STATISTICS, Role.MOMENTUM)}
    if roles["momentum"] is not None or roles["running_mean"] is None:
        return False
    return "train" not in name_of(runtime.functions[call.function]) and any(
        _depends_on_statistics(runtime, call, rank, style)
        for rank in (2, 4)
        for style in shapes.STYLES[rank]
    )


def _depends_on_statistics(runtime: Functions, call: FunctionCall, rank: int, style: str) -> bool:
    plan = Plan(None, shapes=((rank, style),))
    trial = Trial(with_plan(runtime, plan), call, data(rank))
    try:
        read = read_forward(trial)
        if read is None or returns_statistics(read):
            return False
        y = next(leaf for leaf in trial.leaves if leaf.path == read.y)
        return trial.depends(y, "running_mean")
    except UsersError:
        return False


# --- the ranks ------------------------------------------------------------------------------------


def _chosen(shaped: list[Shaped], spoken_of: tuple[int, ...]) -> list[Shaped]:
    """The ranks that are offered.

    Those that are right in kind, and those that the function speaks of and gets wrong, images too
    if it treats rows apart; where none is right, the first that comes back in shape: it is judged
    as wrong.
    """
    works = [made for made in shaped if made.pattern is not None]
    right = [made for made in works if made.in_kind]
    if not right:
        return works[:1]
    axes = [made.plan.channel_axis for made in right if made.rank > 2]
    axis = max(axes, key=axes.count) if axes else right[0].plan.channel_axis
    images = spoken_of == (2,) and all(made.rank == 2 for made in right)
    judged = (*spoken_of, 4) if images else spoken_of
    wrong = [made for made in works if not made.in_kind and made.rank in judged]
    return [m for m in right if m.rank == 2 or m.plan.channel_axis == axis] + wrong


def _made(
    given: Given,
    framework: Framework,
    parameters: list[Parameter],
    named: Mapping[str, Role],
    wanted: Wanted,
    shaped: list[Shaped],
    chosen: list[Shaped],
) -> Fit:
    """The whole plan, out of those of the chosen ranks."""
    evaluated = [made for made in chosen if made.evaluation_error is None] or chosen
    first = evaluated[0]
    axis = next((m.plan.channel_axis for m in evaluated if m.rank > 2), first.plan.channel_axis)
    plan = replace(
        first.plan, shapes=tuple((m.rank, m.style) for m in evaluated), channel_axis=axis
    )
    rest = tuple(made for made in shaped if made is not first)
    runtime = with_plan(wanted.runtime, plan)
    errors = tuple(_gradient_error(runtime, first.rank, axis, training) for training in MODES)
    differentiable = errors[0] is None, errors[1] is None
    return Fit(
        given,
        framework,
        parameters,
        named,
        with_plan(runtime, replace(plan, differentiable=differentiable)),
        (first, *rest),
        tuple(sorted(made.rank for made in evaluated)),
        gradient_errors=errors,
    )


MODES = (True, False)
"""Training and evaluation."""


def _gradient_error(
    runtime: Functions, rank: int, axis: int, training: bool
) -> BaseException | None:
    """What the gradient raises that the framework gives, None if nothing."""
    call = runtime.plan.train if training else runtime.plan.infer
    if call is None or runtime.plan.pulls(training=training):
        return None
    values = data(rank, axis)
    if not training:
        values.pop("momentum")
    method = runtime.train if training else runtime.infer
    try:
        *_, backward = run_of(functools.partial(method, **values))
        if backward is not None:
            run_of(functools.partial(backward, values["x"].copy()))
    except UsersError as caught:
        return caught.error
    return None


def implementation(made: Fit, **declared: Any) -> RecognisedFunctions:
    """A bare implementation of a fit, to be probed."""
    given = "none" if made.affine == "none" else "required"
    attributes = {"ranks": made.ranks, "dtypes": made.dtypes, "affine_parameters": given}
    return RecognisedFunctions(
        made.runtime, made.framework, names(made), {**attributes, **declared}, Recognition(""), ""
    )


def _affine(made: Fit) -> str:
    call = made.plan.train or made.plan.infer
    assert call is not None  # noqa: S101  # one of them is there
    gamma, beta = (parameter_of(call.arguments, role) for role in (Role.GAMMA, Role.BETA))
    if gamma and beta and _may_be_none(made, str(gamma[-1]), str(beta[-1])):
        return "optional"
    return affine_words(gamma=gamma is not None, beta=beta is not None)


def _may_be_none(made: Fit, *vectors: str) -> bool:
    """Whether gamma and beta default to None, and may be None together and alone."""
    defaults = {p.name: p.default for p in made.parameters}
    if any(defaults.get(name, ...) is not None for name in vectors):
        return False
    return all(_takes(made, dict.fromkeys(none)) for none in ABSENT)


ABSENT = (PARAMETERS, ("gamma",), ("beta",))
"""Which of gamma and beta may be None, where both are optional."""


def _takes(made: Fit, none: Mapping[str, None]) -> bool:
    """Whether training and evaluation work with some arguments None."""
    values = {**data(made.ranks[0], made.plan.channel_axis), **none}
    try:
        for call in _calls(made, values):
            run_of(call)
    except UsersError:
        return False
    return True


def _calls(made: Fit, values: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
    """The calls of forward in training and in evaluation, as far as there are."""
    without_momentum = {name: value for name, value in values.items() if name != "momentum"}
    if made.plan.train is not None:
        yield functools.partial(made.runtime.train, **copied(values))
    if made.plan.infer is not None:
        yield functools.partial(made.runtime.infer, **copied(without_momentum))


def _keeps(made: Fit, dtype: str) -> bool:
    """Whether y, statistics and gradients come back in a dtype."""
    values = data(made.ranks[0], made.plan.channel_axis, dtype)
    found: list[Any] = []
    try:
        for call in _calls(made, values):
            *results, backward = run_of(call)
            found += results
            if backward is not None:
                found += run_of(functools.partial(backward, values["x"].copy()))
    except UsersError:
        return bool(found) and _all_of(found, dtype)
    return _all_of(found, dtype)


def _all_of(found: list[Any], dtype: str) -> bool:
    return all(np.asarray(a).dtype == dtype for a in found if a is not None)


def names(made: Fit) -> str:
    """The names of the functions."""
    return ", ".join(name_of(function) for function in made.given.functions)


def usage(function: Any, arguments: tuple[Argument, ...]) -> str:
    """How a function is called, in words.

    >>> usage(print, (Argument("x", "x"), Argument("eps", "eps", keyword=True)))
    'print(x, eps=eps)'
    """
    parts = [_in_words(argument) for argument in arguments]
    return f"{name_of(function)}({', '.join(parts)})"


def _in_words(argument: Argument) -> str:
    if argument.role == "container":
        inner = ", ".join(f"{m.name}: {m.role}" for m in argument.members)
        return f"{argument.name}={{{inner}}}"
    if argument.role == "mode":
        return f"{argument.name}={argument.values[0]!r}"
    if argument.role == "constant":
        return f"{argument.name}={argument.values[0]!r}"
    return argument.role if not argument.keyword else f"{argument.name}={argument.role}"
