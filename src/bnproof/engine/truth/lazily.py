"""A mapping whose values are formed when they are first asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Lazily(Mapping[str, Value], Generic[Value]):
    """Values by name, each formed once.

    >>> found = Lazily({"half": lambda: 1 / 2, "never": lambda: 1 / 0})
    >>> found["half"], "never" in found
    (0.5, True)
    """

    def __init__(self, forms: Mapping[str, Callable[[], Value]]) -> None:
        self._forms = dict(forms)
        self._found: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._found:
            self._found[name] = self._forms[name]()
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._forms

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)
