"""What the signature of a user's method says."""

import inspect
from typing import Any

LAYER_OPTIONS = ("dtype", "rank")


def layer_options(layer: Any) -> tuple[str, ...]:
    """Which of dtype and rank the signature of ``layer`` has.

    >>> def layer(channels, *, momentum, eps, dtype): ...
    >>> layer_options(layer)
    ('dtype',)
    """
    try:
        parameters = inspect.signature(layer).parameters
    except (TypeError, ValueError):
        return ()
    return tuple(name for name in LAYER_OPTIONS if name in parameters)
