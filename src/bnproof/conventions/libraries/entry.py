"""The shape of an entry of the table of libraries, and how an entry is found by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FACTS = ("momentum", "eps", "running_variance", "channel_axis")
"""What an entry says, each with its source."""


@dataclass(frozen=True)
class Momentum:
    """The setting that weighs the running average.

    Attributes:
        argument: its name, "" where there is none.
        weighs: the term that it multiplies: "new", "old", or "" where that is not documented.
        default: as it is written, "" where the setting is required or there is none.
        cumulative: how the cumulative average is asked for, "" where there is none.
        debiased: whether the average of few batches is divided by the weights seen so far.
    """

    argument: str
    weighs: str
    default: str
    cumulative: str = ""
    debiased: bool = False


@dataclass(frozen=True)
class Eps:
    """What is added to the variance.

    Attributes:
        argument: its name.
        default: as it is written, "" where it is required.
        minimum: the smallest value allowed, "" where there is no such limit.
        below: what happens below it, "raised" to it or "refused".
    """

    argument: str
    default: str
    minimum: str = ""
    below: str = ""


@dataclass(frozen=True)
class Axis:
    """Where the channels are.

    Attributes:
        default: 1 or -1 in a batch (N, ...); None where a layer is called on single examples.
        argument: the setting that chooses it, "" where none does.
        first, last: that setting, written for axis 1 and for the last axis.
    """

    default: int | None
    argument: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Library:
    """One library's batch normalization.  All of them normalise by the biased variance.

    Attributes:
        id: what it is called on the command line.
        name: what it is, with the version where it was measured.
        call: how it is written, with {settings} in it.
        momentum, eps, axis: its settings.
        running_variance: "biased", "unbiased", or "" where that varies or is not documented.
        setting: how one setting is written.
        separator: between settings.
        initial_variance: what the running variance starts from, "given" by the caller, "" where
            nobody has looked.
        note: what else a reader has to know, "" if nothing.
        sources: of each of `FACTS`, and of initial_variance where that is a number.
        aliases: other names on the command line.
    """

    id: str
    name: str
    call: str
    momentum: Momentum
    eps: Eps
    running_variance: str
    axis: Axis
    sources: Mapping[str, str]
    separator: str = ", "
    setting: str = "{name}={value}"
    initial_variance: str = ""
    note: str = ""
    aliases: tuple[str, ...] = field(default=())

    def written(self, settings: Mapping[str, str], axis: int | None = None) -> str:
        """The line that makes one with these settings, and with the channels on an axis.

        >>> from bnproof.conventions.libraries.table import LIBRARIES
        >>> LIBRARIES["keras"].written({"momentum": "0.9"}, axis=1)
        'keras.layers.BatchNormalization(momentum=0.9, axis=1)'
        """
        given = [self.setting.format(name=n, value=v) for n, v in settings.items()]
        if axis is not None:
            given.append(self.axis.first if axis == 1 else self.axis.last)
        return self.call.replace("{settings}", self.separator.join(given))
