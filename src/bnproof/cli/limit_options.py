"""Limits of time and memory, as options of the verbs that run somebody else's code."""

import click


def memory_size(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """A size of memory in bytes, as the callback of an option."""
    from bnproof.sandbox.memory import SizeError, parse_size  # help does not need it

    try:
        return None if text is None else parse_size(text)
    except SizeError as error:
        raise click.BadParameter(str(error)) from error
