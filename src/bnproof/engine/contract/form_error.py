"""An error that an adapter raises where what came back has another form than its kind asks for."""


class FormError(Exception):
    """A result of another form; ``mistake`` is the id of what was done, the message what came."""

    def __init__(self, mistake: str, found: str) -> None:
        super().__init__(found)
        self.mistake = mistake
