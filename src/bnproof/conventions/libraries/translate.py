"""Settings of one library in the terms of another, exactly, and what has no counterpart there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from bnproof.conventions.libraries.entry import Eps, Library
from bnproof.conventions.libraries.numbers import complement, written
from bnproof.conventions.libraries.settings import SettingsError, count_of, find, named, number

AXES = {"1": 1, "-1": -1, "NCHW": 1, "NHWC": -1}


@dataclass
class Translation:
    """What to write in the target library.

    Attributes:
        source, target: the libraries.
        settings: of the target, by its own argument names.
        axis: of the channels, None where the target's default is right or there is no choice.
        steps: (what, how it came about) for each setting.
        lost: (what, why) for what cannot be converted by a setting.
        missing: whether a setting that was given has no counterpart.
    """

    source: Library
    target: Library
    settings: dict[str, str] = field(default_factory=dict)
    axis: int | None = None
    steps: list[tuple[str, str]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    missing: bool = False

    def lose(self, what: str, why: str) -> None:
        """Say what cannot be converted."""
        self.lost.append((what, why))

    @property
    def line(self) -> str:
        """The line to write, or "" if no setting could be converted."""
        if not self.settings and self.axis is None:
            return ""
        return self.target.written(self.settings, self.axis)


def translate(source: str, target: str, settings: Mapping[str, str]) -> Translation:
    """Convert settings, given as texts by name, from one library to another.

    Names are those of the source library, or momentum, eps and axis; besides, ``values`` is N, the
    number of values per channel of a batch, or ``batch`` and ``spatial`` (as 7x7) whose product is.
    Raises SettingsError for an unknown library or name and for a value that is none.

    >>> translate("keras", "torch", {"momentum": "0.99", "eps": "1e-3"}).line
    'torch.nn.BatchNorm2d(num_features, momentum=0.01, eps=1e-3)'
    """
    made = Translation(find(source), find(target))
    given = named(made.source, settings)
    count = count_of(given)
    _momentum(made, given.get("momentum"))
    _eps(made, given.get("eps"))
    _axis(made, given.get("axis"))
    _running_variance(made, count)
    _first_steps(made)
    return made


def _momentum(made: Translation, text: str | None) -> None:
    source, target = made.source.momentum, made.target.momentum
    if text is not None and text.lower() == "none":
        return _cumulative(made)
    origin = ""
    if text is None:
        if not source.default:
            return _no_default(made, source.argument, target.default)
        text, origin = source.default, f"; not given, so the default of {made.source.id}"
    value = number(source.argument, text)
    if not 0 <= value <= 1:
        raise SettingsError(f"{source.argument}={text} is not between 0 and 1")
    if not source.weighs or not target.weighs:
        unclear = made.source if not source.weighs else made.target
        made.missing = made.missing or not origin
        made.lose(
            "momentum", f"which term {unclear.id}'s {unclear.momentum.argument} weighs is unknown"
        )
        return None
    same = source.weighs == target.weighs
    made.settings[target.argument] = written(value if same else complement(value))
    how = (
        f"both weigh the {source.weighs} value"
        if same
        else f"1 - {written(value)}: {made.source.id} weighs the {source.weighs} value, "
        f"{made.target.id} the {target.weighs} one"
    )
    made.steps.append((target.argument, how + origin))
    return None


def _no_default(made: Translation, argument: str, default: str) -> None:
    own = f"; without it {made.target.id} takes its own default, {default}" if default else ""
    made.lose(argument, f"not given, and {made.source.id} has no default{own}")


def _cumulative(made: Translation) -> None:
    """momentum=None, the average over all batches so far."""
    source, target = made.source, made.target
    if source.momentum.cumulative != "momentum=None":
        raise SettingsError(
            f"{source.id} has no momentum=None; {source.momentum.argument} is a number from 0 to 1"
        )
    how = target.momentum.cumulative
    if how == "momentum=None":
        made.settings["momentum"] = "None"
        made.steps.append(("momentum", "the average over all batches so far, in both"))
    elif how:
        made.steps.append(("momentum", f"None, the average over all batches so far, is {how}"))
    else:
        made.missing = True
        made.lose(
            "momentum",
            "None, the average over all batches so far, has no counterpart: the weight of "
            f"batch t would have to be 1/t, and {target.id} has one weight for all",
        )


def _eps(made: Translation, text: str | None) -> None:
    source, target = made.source.eps, made.target.eps
    origin = ""
    if text is None:
        if not source.default:
            return _no_default(made, source.argument, target.default)
        text, origin = source.default, f"; not given, so the default of {made.source.id}"
    value = number(source.argument, text)
    if value < 0:
        raise SettingsError(f"{source.argument}={text} is negative; it is added to the variance")
    how = "the same number, added to the variance"
    if _below(source, value) and source.below == "raised":
        value = Decimal(source.minimum)
        how = f"what {made.source.id} raises {text} to without a word"
    made.settings[target.argument] = written(value)
    made.steps.append((target.argument, how + origin))
    for side in (made.source, made.target):
        if _below(side.eps, value):
            made.lose(
                side.eps.argument,
                f"{written(value)} is below the minimum of {side.id}, {side.eps.minimum}, and "
                f"{_IN_WORDS[side.eps.below]}",
            )
    return None


_IN_WORDS = {
    "raised": "is raised to it without a word",
    "refused": "is refused by versions that have this minimum",
}


def _below(eps: Eps, value: Decimal) -> bool:
    return bool(eps.minimum) and value < Decimal(eps.minimum)


def _axis(made: Translation, text: str | None) -> None:
    source, target = made.source.axis, made.target.axis
    if text is not None and text.upper() not in AXES:
        raise SettingsError(f"axis={text} is not known; write axis=1 or axis=-1 (NCHW or NHWC)")
    for side in (made.source, made.target):
        if side.axis.default is None:
            made.lose("axis", f"{side.id}: {side.note}")
            return
    axis = source.default if text is None else AXES[text.upper()]
    if text is not None and axis != source.default and not source.argument:
        where = "axis 1" if source.default == 1 else "the last axis"
        raise SettingsError(f"{made.source.id} has the channels on {where}, and no axis to choose")
    if axis == target.default:
        return
    if target.argument:
        made.axis = axis
        made.steps.append((target.argument, f"where {made.source.id} has the channels"))
    else:
        move = "the last axis to axis 1" if target.default == 1 else "axis 1 to the last axis"
        made.lose(
            "axis",
            f"{made.target.id} cannot choose it: move the channels from {move} in the data",
        )


def _running_variance(made: Translation, count: int | None) -> None:
    source, target = made.source, made.target
    for side in (source, target):
        if not side.running_variance:
            made.lose("running variance", f"that of {side.id} varies or is unknown: {side.note}")
            return
    if source.running_variance == target.running_variance:
        made.steps.append(("running variance", f"{source.running_variance} in both"))
        return
    to_unbiased = target.running_variance == "unbiased"
    factor = "N/(N-1)" if to_unbiased else "(N-1)/N"
    made.lose(
        "running variance",
        f"{source.id} averages the {source.running_variance} variance, {target.id} the "
        f"{target.running_variance} one, and no setting changes that. Statistics that are "
        "copied as they are give the same inference; what training keeps differs by the "
        f"factor {factor}{_factor(count, to_unbiased=to_unbiased)}",
    )


def _factor(count: int | None, *, to_unbiased: bool) -> str:
    """The factor between the two variances for N values per channel, in words."""
    if count is None:
        return (
            ", N the values per channel of a batch; give values=N, or batch= and spatial=, for "
            "the number"
        )
    if count == 1:
        return ", which does not exist for N = 1: a single value has no unbiased variance"
    ratio = Fraction(count, count - 1) if to_unbiased else Fraction(count - 1, count)
    return f" = {ratio.numerator}/{ratio.denominator} = {float(ratio):.9g} for N = {count}"


def _first_steps(made: Translation) -> None:
    source, target = made.source, made.target
    if source.momentum.debiased == target.momentum.debiased:
        return
    debiased, plain = (source, target) if source.momentum.debiased else (target, source)
    start = plain.initial_variance
    told = f", and starts from variance {start}" if start not in ("", "given") else ""
    made.lose(
        "first batches",
        f"{debiased.id} divides its averages by the weights seen so far, so that they forget "
        f"what they start from; {plain.id} does not{told}",
    )
