"""Properties that are formed once, when they are first asked for."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801  # a decorator
    """A property that is formed when it is first asked for, and then an attribute like others.

    As functools.cached_property, without the lock that it has in Python 3.11, which takes longer
    than most of what is formed here.

    >>> class Square:
    ...     side = 3
    ...
    ...     @once
    ...     def area(self) -> int:
    ...         return self.side**2
    >>> square = Square()
    >>> square.area, square.__dict__
    (9, {'area': 9})
    """

    def __init__(self, form: Callable[[Any], Value]) -> None:
        self._form = form
        self._name = form.__name__
        self.__doc__ = form.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any]) -> Value: ...

    def __get__(self, instance: object | None, owner: type[Any]) -> Self | Value:
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._form(instance)
        return found
