"""`__torch_function__`: an object that is no tensor may say itself what an op on it is. Asked where an op would refuse it."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import ArgumentTypeError
from .node import TensorBase


def has_override(value: Any) -> bool:
    """True for an object of a class of its own that has `__torch_function__`."""
    return not isinstance(value, (TensorBase, type)) and hasattr(type(value), "__torch_function__")


def overriding(values: Iterable[Any]) -> Iterator[Any]:
    """Such objects among arguments, those in lists and tuples too."""
    for value in values:
        if has_override(value):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from overriding(value)


def overridden(function: Callable[..., Any], relevant: Iterable[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `__torch_function__(function, types, args, kwargs)` of the first argument that has one makes of the call.

    A subclass is asked before its base, otherwise from left to right. NotImplemented: there is none. Raises ArgumentTypeError where all
    of them say NotImplemented.
    """
    found: list[Any] = []
    for value in overriding(relevant):
        if all(type(value) is not type(other) for other in found):
            at = next((i for i, other in enumerate(found) if isinstance(value, type(other))), len(found))
            found.insert(at, value)
    types = tuple([type(value) for value in found])
    for value in found:
        result = value.__torch_function__(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    if not found:
        return NotImplemented
    names = ", ".join([t.__name__ for t in types])
    raise ArgumentTypeError(f"{getattr(function, '__name__', function)}: no implementation found for it on types that implement "
                            f"__torch_function__: {names}")
