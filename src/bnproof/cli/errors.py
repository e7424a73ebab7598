"""What all verbs say in the same way: a user's mistake."""

import click


class WrongUsage(click.ClickException):
    """A mistake of the user's, said in one or two lines."""

    exit_code = 2
