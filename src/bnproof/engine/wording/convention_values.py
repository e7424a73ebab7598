"""Conventions and their values in words."""

from collections.abc import Callable, Mapping
from typing import Any

TITLES = {
    "momentum_weighs": "momentum weighs",
    "eps_place": "normalised by",
    "eps_place_in_inference": "in inference by",
    "small_eps": "small eps",
    "inference_statistics": "inference uses",
    "cumulative": "momentum=None",
    "single_value": "one value per channel",
    "empty": "empty batch",
    "affine_parameters": "gamma and beta",
    "in_place": "statistics in place",
    "statistics_dtype": "dtype of statistics",
    "initial_statistics": "first statistics",
}
"""Where the convention's own name does not do."""


def title(convention: str) -> str:
    """A convention in words.

    >>> title("empty"), title("running_variance")
    ('empty batch', 'running variance')
    """
    return TITLES.get(convention, convention.replace("_", " "))


def value(convention: str, found: Any) -> str:
    """A value in words.

    >>> value("momentum_weighs", "new"), value("running_variance", {2: "biased", 4: "unbiased"})
    ('the new value', 'biased in rank 2, unbiased in rank 4')
    >>> value("cumulative", True), value("ranks", (2, 4)), value("default_eps", 1e-05)
    ('the average of all batches', '2, 4', '1e-05')
    """
    if found is None:
        return ""
    words = _WORDS.get(convention)
    if words is not None:
        return words(found)
    if isinstance(found, Mapping):
        by = "in rank" if all(isinstance(key, int) for key in found) else "for"
        return ", ".join(f"{each} {by} {key}" for key, each in found.items())
    if isinstance(found, (tuple, list)):
        return ", ".join(map(str, found))
    return f"{found:g}" if isinstance(found, float) else str(found)


def _dtypes(found: Mapping[str, str]) -> str:
    """Statistics of x's own dtype are the usual case."""
    same = ["that of x"] if any(kept == dtype for dtype, kept in found.items()) else []
    others: dict[str, list[str]] = {}
    for dtype, kept in found.items():
        if kept != dtype:
            others.setdefault(kept, []).append(dtype)
    told = [f"{kept} for {' and '.join(names)}" for kept, names in others.items()]
    return ", ".join(same + told)


_WORDS: dict[str, Callable[[Any], str]] = {
    "momentum_weighs": lambda found: f"the {found} value",
    "cumulative": lambda found: "the average of all batches" if found else "not offered",
    "in_place": lambda found: "yes" if found else "no",
    "statistics_dtype": _dtypes,
    "initial_statistics": lambda found: (
        f"mean {found['running_mean']:g}, variance {found['running_var']:g}"
    ),
}
