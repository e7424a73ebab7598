"""Progress of a study that no test looks at."""


def no_progress(done: int, total: int, text: str) -> None:
    """Take a report of progress and show none."""
